"""The keyed, portable hash that routes a record: a function of its key alone.

Python's own `hash` is salted per process, so it cannot route records. BLAKE2b with the
seed as its salt gives the same split, shard and rank on every machine, in every
process and in every language. Changing anything here moves records between splits:
models evaluated before and after would not be comparable.
"""

from __future__ import annotations

import hashlib
import itertools

import numpy as np

DIGEST_SIZE = 16
PERSON = b"latentforge"


def key_hashes(data: np.ndarray, offsets: np.ndarray, seed: int) -> np.ndarray:
    """Returns hashes, uint64 [n, 2]: the first decides the split, the second shard and rank.

    Key i is data[offsets[i]:offsets[i + 1]] of uint8 [total]; the seed is 0 to 2**63 - 1.
    """
    salt = seed.to_bytes(16, "little")
    salted = hashlib.blake2b(digest_size=DIGEST_SIZE, salt=salt, person=PERSON)
    places = offsets.tolist()
    first = places[0]
    keys = data[first : places[-1]].tobytes()
    digests = []
    for start, stop in itertools.pairwise(places):
        state = salted.copy()
        state.update(keys[start - first : stop - first])
        digests.append(state.digest())
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64, copy=False).reshape(-1, 2)


def split_indices(hashes: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """Returns the split of each record: its first hash as a fraction of 2**64, cut at `shares`.

    hashes uint64 [n, 2] -> int64 [n] in 0 .. len(shares) - 1.
    """
    # The top 53 bits make an exact float64, the same on every machine.
    unit = (hashes[:, 0] >> np.uint64(11)).astype(np.float64) * 2.0**-53
    edges = np.cumsum(shares)[:-1]
    return np.searchsorted(edges, unit, side="right")
