"""Directory trees on any filesystem that TFX reads: their files, hashes and comparison."""

from __future__ import annotations

import filecmp
import hashlib
import json
import os

from tfx.dsl.io import fileio
from tfx.utils import io_utils


def tree_files(directory: str) -> list[str]:
    """Returns the relative paths of all files below a directory, sorted."""
    return sorted(
        os.path.relpath(os.path.join(folder, name), directory)
        for folder, _, names in fileio.walk(directory)
        for name in names
    )


def file_hashes(directory: str) -> dict[str, str]:
    """Returns the SHA-256 (hex) of each file below a directory, by relative path."""
    return {
        name: hashlib.sha256(io_utils.read_bytes_file(os.path.join(directory, name))).hexdigest()
        for name in tree_files(directory)
    }


def tree_sha256(directory: str) -> str:
    """Returns the SHA-256 (hex) over the names and contents of all files below a directory."""
    return hashlib.sha256(json.dumps(file_hashes(directory), sort_keys=True).encode()).hexdigest()


def same_tree(one: str, other: str) -> bool:
    """Returns true where two directories hold the same files byte for byte."""
    files = tree_files(one)
    if files != tree_files(other):
        return False
    return all(_same_file(os.path.join(one, name), os.path.join(other, name)) for name in files)


def _same_file(one: str, other: str) -> bool:
    if os.path.exists(one) and os.path.exists(other):
        return filecmp.cmp(one, other, shallow=False)
    return io_utils.read_bytes_file(one) == io_utils.read_bytes_file(other)
