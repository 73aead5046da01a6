"""A sample of images that does not depend on the order in which they come."""

from __future__ import annotations

import hashlib

import numpy as np

RANK, KEY = "rank", "key"


class Kept:
    """What is known of the images whose key's hash is smallest, up to `limit` of them.

    Like a uniform sample without replacement, and the same one however the data is sharded.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[dict[str, np.ndarray]] = []

    def add(self, keys: list[bytes], columns: dict[str, np.ndarray]) -> None:
        """Args:
        keys: n unique ones.
        columns: name -> [n, ...]; the same names each time.
        """
        ranks = np.array([int.from_bytes(rank(key), "big") for key in keys], np.uint64)
        part = {RANK: ranks, KEY: np.asarray(keys, dtype=object), **columns}
        self._parts.append(self._smallest(part))
        self._tidy(2 * self._limit)

    def merge(self, other: Kept) -> None:
        self._parts.extend(other._parts)
        self._tidy(2 * self._limit)

    def columns(self) -> dict[str, np.ndarray]:
        """Every column, in the order of the hashes; {} where nothing was added."""
        self._tidy(0)
        return self._parts[0] if self._parts else {}

    def __getstate__(self) -> dict[str, object]:
        self._tidy(0)
        return self.__dict__

    def _tidy(self, above: int) -> None:
        """Joins the parts once they hold more than `above` images."""
        if sum(len(part[RANK]) for part in self._parts) > above and self._parts:
            joined = {
                name: np.concatenate([part[name] for part in self._parts])
                for name in self._parts[0]
            }
            self._parts = [self._smallest(joined)]

    def _smallest(self, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        order = np.argsort(columns[RANK], kind="stable")[: self._limit]
        return {name: values[order] for name, values in columns.items()}


def rank(key: bytes) -> bytes:
    """A hash of a key, 8 bytes: where the image stands in an order that means nothing."""
    return hashlib.blake2b(key, digest_size=8).digest()
