"""The opening of a source: its input files, and the reader of them."""

from __future__ import annotations

from collections.abc import Sequence

from data_prep.config import PrepConfig
from data_prep.filesystem import InputFile, expand, find_spans
from data_prep.source_registry import sources
from data_prep.sources import catalogue as catalogue  # so that a hash of this code covers it
from data_prep.sources.base import Reader
from data_prep.span_patterns import config_of_span, fill, has_span

LIST_EXTENSIONS = (".txt", ".csv")


def look_at(config: PrepConfig, inputs: Sequence[str]) -> Reader:
    """Returns the reader, which says what its examples will be like.

    Nothing is listed or read where the config and the endings of the globs tell that, so that a
    graph over a bucket can be built where the bucket cannot be read. Else the newest span is.
    """
    source = sources()[config.source]
    if all("://" in path for path in inputs) and source.is_known_unread(inputs):
        return source.reader(config, [InputFile(path, 0, 0) for path in inputs])
    if has_span(inputs[0]):
        newest = find_spans([*inputs, *config.lists])[-1]
        config = config_of_span(config, newest)
        inputs = [fill(path, newest) for path in inputs]
    return open_source(config, inputs)[1]


def open_source(config: PrepConfig, inputs: Sequence[str]) -> tuple[tuple[InputFile, ...], Reader]:
    """Returns all files that the result depends on, lists included, and the reader of the input.

    Raises:
      InputError: for inputs that are missing or of the wrong kind, or do not go together.
    """
    source = sources()[config.source]
    files = expand(inputs, source.extensions, depth=source.folder_depth)
    paths = [path for name in source.lists if (path := getattr(config, name))]
    lists = expand(paths, LIST_EXTENSIONS) if paths else ()
    if lists:  # workers run in directories of their own
        config = config.with_absolute_lists()
    return (*files, *lists), source.reader(config, files)
