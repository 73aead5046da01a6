"""TFX user functions and the Keras models behind them."""
