"""Trains the network whose features images are compared by."""
