"""`latentforge inspect DIR`: the contents of a prepared data set, as tables and pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from data_prep import features
from data_prep.config import PrepConfig
from data_prep.config_base import to_dict
from data_prep.errors import InputError
from data_prep.manifest import Manifest, read_manifest
from data_prep.records.read import read_examples
from trainer.figures.compose import Figure, Row
from trainer.figures.sheet import contact_sheet

IMAGES = 12  # a row
MAX_ROWS = 40  # labels or attributes on a sheet
COUNTS = ("read", "written", "rejected", "filtered", "duplicates", "by_split", "by_label")
MOST_READ = 20_000  # examples looked at for a sheet


def inspect(directory: str, output: Path) -> list[Path]:
    """Prints the manifest and writes a contact sheet for each split; returns their paths.
    InputError where there is no data set, one without its counts, or a damaged shard."""
    manifest = read_manifest(directory)
    missing = [name for name in COUNTS if name not in manifest.counts]
    if missing:
        raise InputError(f"{directory}: the manifest's counts lack {', '.join(missing)}")
    console = Console(highlight=False)
    console.print(_facts(directory, manifest))
    console.print(_splits(manifest))
    for table in (_labels(manifest), _attributes(manifest)):
        if table.row_count:
            console.print(table)
    output.mkdir(parents=True, exist_ok=True)
    paths = []
    for split, count in _by_split(manifest):
        if count:
            path = output / f"{Path(directory).resolve().name}-{split}.png"
            _sheet(directory, manifest, split, count).save(path, "PNG", optimize=True)
            paths.append(path)
    return paths


def _facts(directory: str, manifest: Manifest) -> Table:
    table = Table(title=escape(directory), show_header=False, title_justify="left")
    image, counts = manifest.image, manifest.counts
    parts = ("read", "written", "rejected", "filtered", "duplicates")
    usual = to_dict(PrepConfig(source=manifest.source["name"]))
    changed = {n: v for n, v in manifest.options.items() if n in usual and usual[n] != v}
    rows = {
        "source": f"{manifest.source['name']}, {manifest.source['number_of_files']:,} files",
        "images": f"{image.height}x{image.width}x{image.channels}, ink {image.ink}",
        "records": ", ".join(f"{part} {counts[part]:,}" for part in parts),
        "rejected": _pairs(manifest.rejects),
        "filtered": _pairs(counts["filtered_by_reason"]),
        "rows without image": f"{manifest.unmatched:,}" if manifest.unmatched else "",
        "options": ", ".join(f"{name} {value}" for name, value in changed.items()),
        "warnings": "; ".join(manifest.warnings),
    }
    for name, text in rows.items():
        if text:
            table.add_row(name, escape(text))
    return table


def _by_split(manifest: Manifest) -> list[tuple[str, int]]:
    counts = manifest.counts["by_split"]
    return [(split, counts[split]) for split in features.SPLITS if split in counts]


def _table(subject: str, *headings: str) -> Table:
    table = Table(subject, title=f"{subject}s", title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _splits(manifest: Manifest) -> Table:
    table = _table("split", "records", "share", "shards")
    for split, count in _by_split(manifest):
        shards = len(manifest.shards_of(split))
        share = count / max(manifest.counts["written"], 1)
        table.add_row(split, f"{count:,}", f"{share:.1%}", str(shards))
    return table


def _labels(manifest: Manifest) -> Table:
    counted = manifest.counts["by_split_and_label"]
    splits = [split for split, _ in _by_split(manifest)]
    table = _table("label", "all", *splits)
    for label in manifest.labels[:MAX_ROWS]:
        counts = [manifest.counts["by_label"][label], *(counted[s].get(label, 0) for s in splits)]
        table.add_row(escape(label), *(f"{n:,}" for n in counts))
    if len(manifest.labels) > MAX_ROWS:
        table.add_row(f"and {len(manifest.labels) - MAX_ROWS} more")
    return table


def _attributes(manifest: Manifest) -> Table:
    table = _table("attribute", "with", "share")
    for name in manifest.attributes:
        count = manifest.positives[name]
        share = count / max(manifest.counts["written"], 1)
        table.add_row(escape(name), f"{count:,}", f"{share:.1%}")
    return table


def _pairs(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _sheet(directory: str, manifest: Manifest, split: str, count: int) -> Image.Image:
    spec, shape = manifest.image, manifest.image.shape
    images = _choose(read_examples(directory, manifest.shards, split), manifest)
    names = [*manifest.labels, *manifest.attributes] or ["images"]
    rows = [
        Row(np.stack(images[name]).reshape(-1, *shape), name, _count_note(manifest, split, name))
        for name in names[:MAX_ROWS]
        if images[name]
    ]
    caption = f"{manifest.source['name']}, {count:,} images of {spec.height}x{spec.width}"
    return contact_sheet(Figure(rows, title=f"{split} split", caption=caption))


def _count_note(manifest: Manifest, split: str, name: str) -> str:
    """Returns the number of a label's images, or the share of those with an attribute."""
    if name in manifest.counts["by_label"]:
        return f"{manifest.counts['by_split_and_label'][split].get(name, 0):,} images"
    if name in manifest.positives:
        share = manifest.positives[name] / max(manifest.counts["written"], 1)
        return f"{share:.0%} of all"
    return ""


def _choose(
    examples: Iterator[Mapping[str, Any]], manifest: Manifest
) -> dict[str, list[np.ndarray]]:
    """Returns the first images of each label or attribute, or of all where there is neither."""
    rows: dict[str, list[np.ndarray]] = defaultdict(list)
    wanted = len(manifest.labels) or len(manifest.attributes) or 1
    full = 0
    for number, example in enumerate(examples):
        if full == wanted or number == MOST_READ:
            break
        image = np.frombuffer(example[features.IMAGE][0], np.uint8)
        for name in _names(example, manifest):
            if len(rows[name]) < IMAGES:
                rows[name].append(image)
                full += len(rows[name]) == IMAGES
    return rows


def _names(example: Mapping[str, Any], manifest: Manifest) -> list[str]:
    if example.get(features.LABEL):
        return [example[features.LABEL][0].decode()]
    if example.get(features.ATTRIBUTES):
        flags = example[features.ATTRIBUTES]
        return [name for name, flag in zip(manifest.attributes, flags, strict=True) if flag]
    return ["images"]
