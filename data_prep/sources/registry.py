"""From the options to the input files and the source that reads them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from data_prep.config import PrepConfig
from data_prep.errors import InputError
from data_prep.filesystem import InputFile, absolute, expand, find_spans
from data_prep.sources import encoded_images as pictures
from data_prep.sources.base import Source
from data_prep.sources.celeba import CelebA
from data_prep.sources.cifar10 import Cifar10
from data_prep.sources.idx import Idx
from data_prep.sources.image_folder import ImageFolder
from data_prep.sources.quickdraw import QuickDraw
from data_prep.span_patterns import fill, has_span, options_of


def look_at(options: PrepConfig, inputs: Sequence[str]) -> Source:
    """The source, for what its examples will be like.

    Nothing is listed or read where the options and the endings of the globs tell that, so that a
    graph over a bucket can be built where the bucket cannot be seen. Of spans, the newest is.
    """
    remote = all("://" in path for path in inputs)
    if remote and options.source in ("quickdraw", "sample"):
        named = tuple(InputFile(path, 0, 0) for path in inputs)
        if all(file.extension in QuickDraw.extensions for file in named):
            return QuickDraw(options, named)
    if remote and options.source == "image_folder":
        return ImageFolder(options)
    if has_span(inputs[0]):
        newest = find_spans([*inputs, *options.lists])[-1]
        options, inputs = options_of(options, newest), [fill(path, newest) for path in inputs]
    return open_source(options, inputs)[1]


def open_source(options: PrepConfig, inputs: Sequence[str]) -> tuple[tuple[InputFile, ...], Source]:
    """Lists the input files and looks at what must be known before a record is read.

    Returns:
      (files, source): all files that the result depends on, lists of attributes included.

    Raises:
      InputError: for inputs that are missing or of the wrong kind, or do not go together.
    """
    if options.source in ("celeba", "sample_faces"):
        files = expand(inputs, CelebA.extensions)
        lists = expand(options.lists, (".txt", ".csv")) if options.lists else ()
        found = dataclasses.replace(
            options,
            attributes=absolute(options.attributes),
            identities=absolute(options.identities),
            partition=absolute(options.partition),
        )
        return (*files, *lists), CelebA(found)
    if options.source == "image_folder":
        return expand(inputs, pictures.EncodedImages.extensions, depth=2), ImageFolder(options)
    if options.source == "idx":
        files = expand(inputs, Idx.extensions)
        return files, Idx(options, files)
    files = expand(inputs, (".bin",) if options.source == "cifar10" else QuickDraw.extensions)
    if options.split_by not in ("auto", "key") and options.source != "cifar10":
        raise InputError(f"split_by: got {options.split_by!r}, allowed: key, for drawings")
    if options.source == "cifar10":
        return files, Cifar10(options, files)
    return files, QuickDraw(options, files)  # `sample` drawings are true .bin files
