"""The exception that means "the user's input is wrong"."""


class InputError(ValueError):
    """A wrong input or call: shown as one line, exit status 2, no traceback."""
