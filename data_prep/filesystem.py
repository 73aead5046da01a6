"""Input files: globs on any filesystem that Beam reads -> paths, sizes, times."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Sequence
from typing import NamedTuple

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from data_prep.errors import InputError
from data_prep.span_patterns import any_span, check_patterns, name_of, span_of_file


class InputFile(NamedTuple):
    path: str
    size: int  # bytes
    modified: float  # seconds since 1970; 0 where the filesystem does not tell

    @property
    def name(self) -> str:
        return posixpath.basename(self.path.replace(os.sep, "/"))

    @property
    def stem(self) -> str:
        return posixpath.splitext(self.name)[0] if not self.name.startswith(".") else ""

    @property
    def extension(self) -> str:
        return ("." + self.name.rsplit(".", 1)[-1].lower()) if "." in self.name else ""


def expand(
    patterns: Sequence[str], extensions: Sequence[str], depth: int = 1
) -> tuple[InputFile, ...]:
    """The files that the globs match, sorted by path, each once.

    A folder stands for the files in it (in its sub-folders, with depth 2) that have one of
    `extensions`; a file matched by a glob must have one. The extension "" stands for IDX
    files, which are known by their names.

    Raises:
      InputError: a pattern that matches nothing, or a file of another kind.
    """
    found: dict[str, InputFile] = {}
    allowed = ", ".join(extensions) if any(extensions) else "…-idx3-ubyte, …-idx1-ubyte"
    for pattern in patterns:
        files = _match(pattern)
        if pattern.endswith("/*"):  # as good as the folder's own name
            files = [file for file in files if _is_of(file, extensions)]
        for file in files:
            if not _is_of(file, extensions):
                raise InputError(f"input {file.path}: not a kind of file read here ({allowed})")
        if not files:
            inside = "/".join([pattern.rstrip("/" + os.sep), *["*"] * depth])
            files = [f for f in _match(inside) if _is_of(f, extensions)]
        if not files:
            raise InputError(f"input {pattern}: no such file, or no match ({allowed})")
        found.update((file.path, file) for file in files)
    if not found:
        raise InputError(f"input: none given (files or folders of {allowed})")
    return tuple(found[path] for path in sorted(found))


def find_spans(patterns: Sequence[str]) -> list[int]:
    """The spans that have files for every pattern, ascending.

    Args:
      patterns: globs with a placeholder each, on any filesystem that Beam reads.

    Raises:
      InputError: where there is none, or the placeholders name none.
    """
    check_patterns(patterns)
    found = [_spans_of(pattern) for pattern in patterns]
    spans = set.intersection(*found)
    if not spans:
        there = "; ".join(map(_told, patterns, found))
        raise InputError(f"input: no span has files for every path ({there})")
    return sorted(spans)


def _told(pattern: str, spans: set[int]) -> str:
    newest = [name_of(pattern, span) for span in sorted(spans)[-3:]]
    more = f", the newest {', '.join(newest)}" if spans else ""
    return f"{pattern} has {len(spans)}{more}"


def _spans_of(pattern: str) -> set[int]:
    found = (span_of_file(pattern, file.path) for file in _match(any_span(pattern)))
    return {span for span in found if span is not None}


def _is_of(file: InputFile, extensions: Sequence[str]) -> bool:
    return file.extension in extensions or ("" in extensions and "-idx" in file.name)


def fingerprint(files: Sequence[InputFile]) -> str:
    """A hash of the names, sizes and times: changes when an input does, reads nothing."""
    facts = sorted((f.name, f.size, f.modified) for f in files)
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()


def absolute(path: str) -> str:
    """A local path from the root, since workers run in directories of their own."""
    return path if "://" in path or not path else os.path.abspath(path)


def open_raw(path: str):
    """A file as it is, never decompressed by its ending."""
    return FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)


def read_range(path: str, start: int, stop: int) -> bytes:
    with open_raw(path) as stream:
        stream.seek(start)
        return stream.read(stop - start)


def read_whole(path: str) -> bytes:
    with open_raw(path) as stream:
        return stream.read()


def _match(pattern: str) -> list[InputFile]:
    """The files of a glob, folders left out."""
    if not pattern:
        raise InputError("input: got '', allowed: a file, folder or glob")
    try:
        results = FileSystems.match([pattern])
    except Exception as error:  # every filesystem raises its own kinds
        raise InputError(f"input {pattern}: cannot be listed ({_first_line(error)})") from error
    files = [
        InputFile(absolute(m.path), int(m.size_in_bytes), float(m.last_updated_in_seconds or 0))
        for result in results
        for m in result.metadata_list
        if not os.path.isdir(m.path)
    ]
    for file in files:
        try:
            file.path.encode()
        except UnicodeEncodeError:
            raise InputError(f"input {file.path!a}: its name is not UTF-8") from None
    return files


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def list_files(pattern: str):
    return FileSystems.match([pattern])[0].metadata_list


def join(*parts: str) -> str:
    """FileSystems.join, for any number of parts."""
    return FileSystems.join(*parts)


def create(path: str):
    return FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED)


def make_directory(path: str) -> None:
    if not FileSystems.exists(path):
        FileSystems.mkdirs(path)


def publish(partial: str, path: str) -> None:
    """Moves a finished file to its name, in the place of an equal one of another attempt."""
    if FileSystems.exists(path):
        FileSystems.delete([path])
    FileSystems.rename([partial], [path])
