"""Trains and exports the decoder; some hyper-parameters are properties of the node."""
