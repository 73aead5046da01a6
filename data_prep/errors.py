"""The one exception that means "the user's input is wrong"."""


class InputError(ValueError):
    """Wrong input or a wrong call: shown as one line, exit status 2, no traceback."""
