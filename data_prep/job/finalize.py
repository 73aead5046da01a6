"""The driver's last step: from the workers' reports to counts, rejects file and manifest."""

from __future__ import annotations

import importlib.metadata
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from apache_beam.io.filesystems import FileSystems

from data_prep.config_base import to_dict
from data_prep.errors import InputError
from data_prep.filesystem import InputFile, create, fingerprint, join, list_files, read_whole
from data_prep.job.plan import Plan
from data_prep.layout import REPORTS, rejects_file, split_of
from data_prep.manifest import Manifest, write_manifest

MOST_FILES_NAMED = 1000  # in the manifest; the fingerprint covers all
FREE_REJECTS = 100  # below that many, max_reject_rate does not apply


def finalize(plan: Plan, files: Sequence[InputFile]) -> Manifest:
    """Merges the reports, judges the rejects, drops the staging folder, writes the manifest.

    Raises:
      InputError: too many rejects, or nothing written; the rejects file stays.
    """
    reports = list(_read_reports(plan))
    chunks = [r for r in reports if "read" in r]
    shards = [r for r in reports if "sha256" in r]
    if len(shards) != plan.total_shards:
        raise RuntimeError(f"{len(shards)} of {plan.total_shards} shards were made")
    matched = np.unique([row for r in chunks for row in r["matched"]]).astype(np.int64)
    unmatched = plan.reader.unmatched(matched)
    rejects = _write_rejects(plan, chunks, shards, unmatched)
    filtered = _total(r["filtered"] for r in reports)
    by_label = _total(r["by_label"] for r in shards)
    by_split: Counter[str] = Counter(dict.fromkeys(plan.splits, 0))
    by_both: dict[str, Counter[str]] = {split: Counter() for split in by_split}
    for report in shards:
        split = split_of(report["path"])
        by_split[split] += report["records"]
        by_both[split].update(report["by_label"])
    positives = _total(r["positives"] for r in shards)
    counts: dict[str, Any] = {
        "read": sum(r["read"] for r in chunks),
        "written": sum(r["records"] for r in shards),
        "rejected": sum(rejects.values()),
        "filtered": sum(filtered.values()),
        "duplicates": sum(r["duplicates"] for r in shards),
        "duplicates_that_differ": sum(len(r["differing"]) for r in shards),
        "by_split": dict(by_split),
        "by_label": dict(sorted(by_label.items())),
        "by_split_and_label": {s: dict(sorted(c.items())) for s, c in by_both.items()},
        "filtered_by_reason": dict(sorted(filtered.items())),
    }
    if counts["read"] != sum(counts[k] for k in ("written", "rejected", "filtered", "duplicates")):
        raise RuntimeError(f"counts do not add up, which is a defect of this program: {counts}")
    FileSystems.delete([plan.staging])
    _judge(plan, counts, rejects)
    manifest = Manifest(
        image=plan.reader.image,
        labels=tuple(sorted(by_label)),
        attributes=plan.reader.attributes,
        extras=plan.reader.extras,
        counts=counts,
        rejects=dict(sorted(rejects.items())),
        positives={name: positives[name] for name in plan.reader.attributes},
        pixel_version=plan.reader.pixel_version,
        warnings=plan.reader.warnings,
        unmatched=len(unmatched),
        shards=tuple({k: r[k] for k in ("path", "records", "sha256")} for r in shards),
        source=describe_input(plan.config.source, files),
        options=to_dict(plan.config),
        code_version=importlib.metadata.version("latentforge"),
    )
    write_manifest(plan.output, manifest)
    return manifest


def describe_input(name: str, files: Sequence[InputFile]) -> dict[str, Any]:
    """Returns the manifest's `source`: its name, and the files behind the data set."""
    description: dict[str, Any] = {
        "name": name,
        "fingerprint": fingerprint(files),
        "number_of_files": len(files),
        "bytes": sum(f.size for f in files),
    }
    if len(files) <= MOST_FILES_NAMED:
        description["files"] = [
            {"path": f.path, "size": f.size, "modified": f.modified} for f in files
        ]
    return description


def _read_reports(plan: Plan) -> Iterator[dict[str, Any]]:
    matches = list_files(join(plan.staging, REPORTS, "*.json"))
    for path in sorted(m.path for m in matches):  # by input file and chunk, then by shard
        yield json.loads(read_whole(path))


def _write_rejects(
    plan: Plan, chunks: Sequence[dict], shards: Sequence[dict], unmatched: Sequence[str]
) -> Counter[str]:
    """Writes a line for each rejected input, in their order; returns their number by reason."""
    counts: Counter[str] = Counter()
    lines_before, path = 0, ""
    with create(join(plan.output, rejects_file())) as stream:
        for report in [*chunks, *shards]:
            if report["path"] != path:
                lines_before, path = 1, report["path"]  # lines are numbered from 1
            for reject in report["rejects"]:
                counts[reject["reason"]] += 1
                row = {"source": reject["path"] or path, "reason": reject["reason"]}
                if reject["unit"]:
                    shift = lines_before if reject["unit"] == "line" else 0
                    row[reject["unit"]] = reject["position"] + shift
                row |= {k: reject[k] for k in ("key", "detail") if reject[k]}
                stream.write(_line(row))
            lines_before += report.get("lines", 0)
        for report in shards:
            for repeat in report["differing"]:
                row = {"reason": "duplicate_key_differs", "counted_as": "duplicate"} | repeat
                stream.write(_line(row))
        for name in unmatched:
            stream.write(_line({"reason": "no_image", "key": name, "counted_as": "not read"}))
    return counts


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row).encode() + b"\n"


def _judge(plan: Plan, counts: dict[str, Any], rejects: Counter[str]) -> None:
    """Refuses a data set with too many rejects, or with nothing in it."""
    reasons = ", ".join(f"{reason} {n}" for reason, n in rejects.most_common())
    where = f"see {join(plan.output, rejects_file())}"
    rate = plan.config.max_reject_rate
    rejected, read = counts["rejected"], counts["read"]
    if rejected >= FREE_REJECTS and rejected > rate * read:
        raise InputError(
            f"max_reject_rate: {rejected} of {read} rejected ({rejected / read:.1%}: {reasons}), "
            f"allowed: {rate:.1%}; {where}"
        )
    if not counts["written"]:
        raise InputError(
            f"input: nothing to write: {read} read, {rejected} rejected"
            + (f" ({reasons})" if reasons else "")
            + f", {counts['filtered']} filtered; {where}"
        )


def _total(parts: Iterator[dict[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return total
