"""A run on this machine: runner, console, summary."""
