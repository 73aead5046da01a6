"""The `latentforge` command, one module a verb."""
