"""The way back to a decoder that was pushed before: its files again, as a new version."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from tfx.dsl.io import fileio
from tfx.utils import io_utils

from components.decoder_pusher.component import same_tree
from data_prep.config_base import require
from data_prep.errors import InputError


def versions(directory: str) -> list[int]:
    """Returns the version numbers in a push destination, oldest first."""
    if not fileio.exists(directory):
        raise InputError(f"push destination: got {directory!r}, allowed: a folder of decoders")
    names = (name.rstrip("/") for name in fileio.listdir(directory))
    return sorted(int(name) for name in names if name.isdecimal())


def choose(directory: str, version: int | None = None) -> int:
    """Returns the version to go back to: `version`, or the newest that differs from the served."""
    *older, served = versions(directory) or [0]
    if version is not None:
        allowed = ", ".join(map(str, older)) or "none: nothing was pushed before"
        require(version in older, "--to", version, allowed)
        return version
    for candidate in reversed(older):
        folders = (os.path.join(directory, str(number)) for number in (candidate, served))
        if not same_tree(*folders):
            return candidate
    raise InputError(f"push destination: {directory} holds no other decoder to go back to")


def roll_back(directory: str, version: int, clock: Callable[[], float] = time.time) -> int:
    """Copies a version to a new, largest one, which servers take; returns that number.

    Nothing is deleted, so a roll-back can be rolled back.
    """
    new = max(int(clock()), versions(directory)[-1] + 1)
    source, target = os.path.join(directory, str(version)), os.path.join(directory, str(new))
    unfinished = os.path.join(directory, f".{new}.unfinished")  # no server looks there
    io_utils.copy_dir(source, unfinished)
    fileio.rename(unfinished, target)
    return new
