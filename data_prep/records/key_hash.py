"""Where a record goes is a function of its key alone: one keyed, portable hash.

Python's own `hash` is salted per process, so it cannot route records. BLAKE2b with the
seed as its salt gives the same split, shard and rank on every machine, in every
process and in every language. Changing anything here moves records between splits:
models evaluated before and after would not be comparable.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numba import njit

DIGEST_SIZE = 16
PERSON = b"latentforge"

_IV = np.array(
    [
        0x6A09E667F3BCC908,
        0xBB67AE8584CAA73B,
        0x3C6EF372FE94F82B,
        0xA54FF53A5F1D36F1,
        0x510E527FADE682D1,
        0x9B05688C2B3E6C1F,
        0x1F83D9ABFB41BD6B,
        0x5BE0CD19137E2179,
    ],
    np.uint64,
)
# Message word order of the 12 rounds (RFC 7693, section 2.7).
_SIGMA = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    ],
    np.int64,
)


def key_hash(key: bytes, seed: int) -> tuple[int, int]:
    """Two unsigned 64-bit hashes of one key: the reference for `key_hashes`."""
    digest = hashlib.blake2b(
        key, digest_size=DIGEST_SIZE, salt=seed.to_bytes(16, "little"), person=PERSON
    ).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def key_hashes(data: np.ndarray, offsets: np.ndarray, seed: int) -> np.ndarray:
    """`key_hash` of many keys in one compiled loop.

    Args:
      data: uint8 [total], the keys one after the other.
      offsets: int [n + 1]; key i is data[offsets[i]:offsets[i + 1]].
      seed: 0 to 2**63 - 1, the salt.

    Returns:
      uint64 [n, 2]: the first decides the split, the second the shard and the rank.
    """
    parameters = bytearray(64)
    parameters[0], parameters[2], parameters[3] = DIGEST_SIZE, 1, 1
    parameters[32:48] = seed.to_bytes(16, "little")
    parameters[48 : 48 + len(PERSON)] = PERSON
    start = _IV ^ np.frombuffer(bytes(parameters), "<u8")
    out = np.empty((len(offsets) - 1, 2), np.uint64)
    _hash_all(data, offsets, start, out)
    return out


def split_indices(hashes: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """int64 [n] in 0 .. len(shares) - 1: the first hash as a fraction of 2**64, cut at `shares`."""
    # The top 53 bits make an exact float64, the same on every machine.
    unit = (hashes[:, 0] >> np.uint64(11)).astype(np.float64) * 2.0**-53
    edges = np.cumsum(shares)[:-1]
    return np.searchsorted(edges, unit, side="right")


@njit(cache=True, nogil=True)
def _mix(v, a, b, c, d, x, y):
    v[a] = v[a] + v[b] + x
    w = v[d] ^ v[a]
    v[d] = (w >> np.uint64(32)) | (w << np.uint64(32))
    v[c] = v[c] + v[d]
    w = v[b] ^ v[c]
    v[b] = (w >> np.uint64(24)) | (w << np.uint64(40))
    v[a] = v[a] + v[b] + y
    w = v[d] ^ v[a]
    v[d] = (w >> np.uint64(16)) | (w << np.uint64(48))
    v[c] = v[c] + v[d]
    w = v[b] ^ v[c]
    v[b] = (w >> np.uint64(63)) | (w << np.uint64(1))


@njit(cache=True, nogil=True)
def _hash_all(data, offsets, start, out):
    h = np.empty(8, np.uint64)
    v = np.empty(16, np.uint64)
    m = np.empty(16, np.uint64)
    for i in range(len(offsets) - 1):
        position, stop = offsets[i], offsets[i + 1]
        length = stop - position
        h[:] = start
        done = 0
        while True:
            take = min(128, length - done)
            m[:] = 0
            for j in range(take):
                byte = np.uint64(data[position + done + j])
                m[j >> 3] |= byte << np.uint64(8 * (j & 7))
            done += take
            v[:8] = h
            v[8:] = _IV
            v[12] ^= np.uint64(done)
            last = done == length
            if last:
                v[14] = ~v[14]
            for r in range(12):
                s = _SIGMA[r]
                _mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]])
                _mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]])
                _mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]])
                _mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]])
                _mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]])
                _mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]])
                _mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]])
                _mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]])
            for j in range(8):
                h[j] ^= v[j] ^ v[j + 8]
            if last:
                break
        out[i, 0] = h[0]
        out[i, 1] = h[1]
