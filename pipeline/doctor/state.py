"""Checks of what earlier work left behind: a root's metadata database, and prepared data."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from data_prep.errors import InputError
from data_prep.features import SPLITS
from data_prep.manifest import Manifest, read_manifest
from pipeline.doctor.environment import BAD, GOOD, NOTE, Finding
from pipeline.local.summary import METADATA, SUMMARY

SCHEMA_VERSION = 10  # of ML Metadata 1.17
_REJECTS_WORTH_A_WORD = 0.001


def database(root: Path) -> Finding:
    """Checks that the metadata of a root is whole, and of the version that TFX here can read."""
    path = root / METADATA
    if not path.exists():
        return Finding(GOOD, f"no runs in {root} yet")
    remedy = f"move {root} away; the next run starts afresh and computes everything again"
    try:
        # immutable=0: a run may be writing; read-only: nothing is created or locked for long
        with sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5) as store:
            (whole,) = store.execute("PRAGMA quick_check(1)").fetchone()
            (version,) = store.execute("SELECT schema_version FROM MLMDEnv").fetchone()
            (runs,) = store.execute(
                "SELECT COUNT(*) FROM Context JOIN Type ON Context.type_id = Type.id "
                "WHERE Type.name = 'pipeline_run'"
            ).fetchone()
    except (sqlite3.Error, TypeError) as error:
        return Finding(BAD, f"{path} cannot be read: {error}", remedy)
    if whole != "ok":
        return Finding(BAD, f"{path} is damaged: {whole}", remedy)
    if version != SCHEMA_VERSION:
        words = f"{path} has schema version {version}, wanted: {SCHEMA_VERSION}"
        return Finding(BAD, words, remedy)
    return Finding(GOOD, f"{path}: {runs} runs")


def last_run(root: Path) -> Iterator[Finding]:
    """Reports how the last run in a root ended."""
    path = root / SUMMARY
    if not path.is_file():
        return
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        state, error, log = (str(content[name]) for name in ("state", "error", "log"))
    except (ValueError, KeyError, OSError) as error_:
        yield Finding(NOTE, f"{path} is not readable: {error_}", "the next run writes it anew")
        return
    if state == "done":
        yield Finding(GOOD, "the last run is done")
    else:
        remedy = f"the same command goes on; the log is {log}"
        yield Finding(NOTE, f"the last run {state}: {error or 'no reason is known'}", remedy)


def data_set(directory: Path) -> Iterator[Finding]:
    """Checks that a prepared data set is complete, unchanged since, and fit to train on."""
    again = "prepare it again, with --overwrite"
    try:
        manifest = read_manifest(str(directory))
    except InputError as error:
        yield Finding(BAD, str(error), again)
        return
    yield _shards(directory, manifest, again)
    counts = manifest.counts
    parts = ("written", "rejected", "filtered", "duplicates")
    words = ", ".join(f"{counts[part]:,} {part}" for part in parts)
    if counts["read"] != sum(counts[part] for part in parts):
        yield Finding(BAD, f"counts do not add up: {counts['read']:,} read; {words}", again)
    elif counts["rejected"] > _REJECTS_WORTH_A_WORD * max(counts["read"], 1):
        yield Finding(NOTE, f"{counts['read']:,} read; {words}",
                      f"see rejects-….jsonl in {directory}")  # fmt: skip
    else:
        yield Finding(GOOD, f"{counts['read']:,} read; {words}")
    yield from _splits(manifest)


def _splits(manifest: Manifest) -> Iterator[Finding]:
    sizes = {split: manifest.counts["by_split"].get(split, 0) for split in SPLITS}
    words = ", ".join(f"{split} {size:,}" for split, size in sizes.items())
    empty = [split for split, size in sizes.items() if not size]
    if "train" in empty:
        yield Finding(BAD, f"splits: {words}", "nothing can be trained: larger shares of train")
    elif empty:
        remedy = f"no {' and '.join(empty)}: other --splits, or evaluation.split"
        yield Finding(NOTE, f"splits: {words}", remedy)
    else:
        yield Finding(GOOD, f"splits: {words}")
    counts = [manifest.counts.get("by_label", {}).get(label, 0) for label in manifest.labels]
    if counts and min(counts) * 20 < max(counts):
        least = manifest.labels[counts.index(min(counts))]
        words = f"labels: {min(counts):,} to {max(counts):,} images each, {least} the fewest"
        yield Finding(NOTE, words, "--per-label evens them out")


def _shards(directory: Path, manifest: Manifest, again: str) -> Finding:
    for shard in manifest.shards:
        path = directory / shard["path"]
        if not path.is_file():
            return Finding(BAD, f"{path} is missing", again)
        with open(path, "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 != shard["sha256"]:
            return Finding(BAD, f"{path} is not what was written", again)
    size = sum((directory / shard["path"]).stat().st_size for shard in manifest.shards)
    return Finding(GOOD, f"{len(manifest.shards)} shards as written, {size / 2**20:,.1f} MiB")
