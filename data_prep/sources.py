"""From the options to the input files and the source that reads them."""

from __future__ import annotations

from collections.abc import Sequence

from data_prep.inputs import InputFile, expand
from data_prep.options import PrepOptions
from data_prep.quickdraw import QuickDraw
from data_prep.source import Source


def open_source(
    options: PrepOptions, inputs: Sequence[str]
) -> tuple[tuple[InputFile, ...], Source]:
    """Lists the input files and looks at what must be known before a record is read.

    Returns:
      (files, source): all files that the result depends on, lists of attributes included.

    Raises:
      InputError: for inputs that are missing or of the wrong kind, or do not go together.
    """
    files = expand(inputs, QuickDraw.extensions)  # `sample` drawings are true .bin files
    return files, QuickDraw(options, files)
