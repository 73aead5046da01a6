"""The Trainer whose most turned knobs are properties of their own."""
