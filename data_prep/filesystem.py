"""Files on any filesystem that Beam knows: input files listed, files read, written, published."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Sequence
from typing import Any, NamedTuple

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from data_prep.errors import InputError
from data_prep.span_patterns import any_span, check_patterns, name_of, span_of_file


class InputFile(NamedTuple):
    """A file of the input."""

    path: str
    size: int  # bytes
    modified: float  # seconds since 1970; 0 where the filesystem does not tell

    @property
    def name(self) -> str:
        """The path's last part."""
        return posixpath.basename(self.path.replace(os.sep, "/"))

    @property
    def stem(self) -> str:
        """The name without its extension; "" for a name that begins with a dot."""
        return posixpath.splitext(self.name)[0] if not self.name.startswith(".") else ""

    @property
    def extension(self) -> str:
        """The lower-case ending, with its dot; "" without one."""
        return ("." + self.name.rsplit(".", 1)[-1].lower()) if "." in self.name else ""


def expand(
    patterns: Sequence[str], extensions: Sequence[str], depth: int = 1
) -> tuple[InputFile, ...]:
    """Returns the files that the globs match, sorted by path, each once.

    A folder stands for the files in it (in its sub-folders, with depth 2) that have one of
    `extensions`; a file matched by a glob must have one. The extension "" stands for IDX
    files, which are known by their names.

    Raises:
      InputError: a pattern that matches nothing, or a file of another kind.
    """
    by_path: dict[str, InputFile] = {}
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
        by_path.update((file.path, file) for file in files)
    if not by_path:
        raise InputError(f"input: none given (files or folders of {allowed})")
    return tuple(by_path[path] for path in sorted(by_path))


def find_spans(patterns: Sequence[str]) -> list[int]:
    """Returns the spans that have files for every pattern (with a placeholder), ascending.

    Raises:
      InputError: where there is none, or the placeholders name none.
    """
    check_patterns(patterns)
    spans_of: dict[str, set[int]] = {}
    for pattern in patterns:
        found = (span_of_file(pattern, file.path) for file in _match(any_span(pattern)))
        spans_of[pattern] = {span for span in found if span is not None}
    common = set.intersection(*spans_of.values())
    if not common:
        listed = "; ".join(_newest_of(pattern, spans) for pattern, spans in spans_of.items())
        raise InputError(f"input: no span has files for every path ({listed})")
    return sorted(common)


def _newest_of(pattern: str, spans: set[int]) -> str:
    newest = [name_of(pattern, span) for span in sorted(spans)[-3:]]
    more = f", the newest {', '.join(newest)}" if spans else ""
    return f"{pattern} has {len(spans)}{more}"


def _match(pattern: str) -> list[InputFile]:
    """Returns the files of a glob, folders left out."""
    if not pattern:
        raise InputError("input: got '', allowed: a file, folder or glob")
    try:
        results = FileSystems.match([pattern])
    except Exception as error:  # every filesystem raises its own kinds
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"input {pattern}: cannot be listed ({reason})") from error
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


def _is_of(file: InputFile, extensions: Sequence[str]) -> bool:
    return file.extension in extensions or ("" in extensions and "-idx" in file.name)


def fingerprint(files: Sequence[InputFile]) -> str:
    """Returns a hash of names, sizes and times, which changes when an input does."""
    rows = sorted((f.name, f.size, f.modified) for f in files)
    return hashlib.blake2b(repr(rows).encode(), digest_size=16).hexdigest()


def absolute(path: str) -> str:
    """Returns a local path from the root, since workers run in directories of their own."""
    return path if "://" in path or not path else os.path.abspath(path)


def join(*parts: str) -> str:
    """Joins the parts of a path as its filesystem does."""
    return FileSystems.join(*parts)


def list_files(pattern: str) -> list[Any]:
    """Returns Beam's metadata of the files of a glob."""
    return FileSystems.match([pattern])[0].metadata_list


def open_raw(path: str) -> Any:
    """Opens a file as it is, never decompressed by its ending."""
    return FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)


def read_whole(path: str) -> bytes:
    """Reads all bytes of a file."""
    with open_raw(path) as stream:
        return stream.read()


def read_range(path: str, start: int, stop: int) -> bytes:
    """Reads the bytes from `start` up to `stop`."""
    with open_raw(path) as stream:
        stream.seek(start)
        return stream.read(stop - start)


def create(path: str) -> Any:
    """Opens a new file for writing, never compressed by its ending."""
    return FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED)


def make_directory(path: str) -> None:
    """Makes a directory where there is none."""
    if not FileSystems.exists(path):
        FileSystems.mkdirs(path)


def publish(partial: str, path: str) -> None:
    """Moves a finished file to its name, in the place of an equal one of another attempt."""
    if FileSystems.exists(path):
        FileSystems.delete([path])
    FileSystems.rename([partial], [path])
