"""The preparation as one Beam pipeline, on any runner: route, then make.

Inputs are cut into chunks. A worker reads a chunk whole and spills its raw records by
shard into uniquely named files; only (shard, file, offset, length) goes through the
GroupByKey. Whoever makes a shard sorts its records by key, drops repeats, draws and
encodes them, and moves the finished file to its name. So the bytes of a shard depend
on neither workers nor order nor run, and memory is bounded by a shard and a chunk.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from data_prep import manifest as manifests
from data_prep.errors import InputError
from data_prep.finish import PARTIAL_MANIFEST, REJECTS, finish, source_facts
from data_prep.inputs import InputFile, absolute
from data_prep.manifest import Manifest
from data_prep.options import PrepOptions
from data_prep.plan import STAGING, Plan, join, make_directory, make_plan
from data_prep.routing import CutGroup, RouteChunk
from data_prep.settings import to_dict
from data_prep.shards import MakeShard, RankShard, SmallestHashes
from data_prep.sources import open_source

POLL_SECONDS = 0.5


class Progress(NamedTuple):
    bytes_read: int
    bytes_total: int
    shards_made: int
    shards_total: int


def prepare(
    options: PrepOptions,
    inputs: Sequence[str],
    output: str,
    *,
    workers: int = 1,
    beam_args: Sequence[str] = (),
    overwrite: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> Manifest:
    """Prepares a data set, or returns the manifest of the one that already is there.

    Args:
      options: what shapes the data.
      inputs: globs or folders, on any filesystem that Beam reads.
      output: the directory to write, on any filesystem that Beam writes.
      workers: local processes, where `beam_args` name no runner.
      beam_args: options of a Beam runner, as on a command line.
      overwrite: replace a complete data set that differs.
      on_progress: called about twice a second from another thread.

    Raises:
      InputError: wrong input, too many rejects, or a different data set in `output`.
    """
    files, source = open_source(options, inputs)
    there = _existing(options, files, output, overwrite)
    if there is not None:
        return there
    pipeline = make_pipeline(workers, beam_args)
    clear(output, overwrite)
    plan = make_plan(source, options, files, absolute(output))
    try:  # first: it marks the directory as ours
        make_directory(join(plan.staging, "reports"))
    except OSError as error:
        raise InputError(f"output {output}: cannot be written to ({error})") from error
    for split in plan.splits:
        make_directory(join(output, f"Split-{split}"))
    with _watch(plan, files, on_progress), pipeline:
        build(pipeline, plan, files)
    return finish(plan, files)


def build(pipeline: beam.Pipeline, plan: Plan, files: Sequence[InputFile]) -> beam.PCollection:
    """Adds the whole preparation to a pipeline; yields the number of each shard made."""
    chunks = (
        pipeline
        | "ListFiles" >> beam.Create(list(enumerate(plan.source.groups(files))))
        | "SpreadFiles" >> beam.Reshuffle()
        | "CutFiles" >> beam.ParDo(CutGroup(plan))
        | "SpreadChunks" >> beam.Reshuffle()
    )
    lists = (
        pipeline
        | "ListsOfSource" >> beam.Create([plan.source])
        | "ReadLists" >> beam.Map(lambda source: source.side_input())
    )
    route = beam.ParDo(RouteChunk(plan), beam.pvalue.AsSingleton(lists))
    pieces = chunks | "RouteChunks" >> route
    # An empty piece for every shard, so that shards without records are written too.
    nothing = pipeline | "ListShards" >> beam.Create([(s, None) for s in range(plan.total_shards)])
    shards = (pieces, nothing) | beam.Flatten() | "GroupByShard" >> beam.GroupByKey()
    limit = plan.options.per_label
    if not limit:
        return shards | "MakeShards" >> beam.ParDo(MakeShard(plan))
    largest = (
        shards
        | "RankShards" >> beam.ParDo(RankShard(plan))
        | "SmallestHashes" >> beam.CombineGlobally(SmallestHashes(limit))
    )
    return shards | "MakeShards" >> beam.ParDo(MakeShard(plan), beam.pvalue.AsSingleton(largest))


def make_pipeline(workers: int, beam_args: Sequence[str]) -> beam.Pipeline:
    """An empty pipeline on the runner that `beam_args` name, else on local processes.

    Raises:
      InputError: for options that Beam cannot read, or workers beside a runner.
    """
    args = list(beam_args)
    _refuse_misspelled(args)
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):  # argparse prints and exits
            runner: Any = PipelineOptions(args).view_as(StandardOptions).runner
            if runner is None:
                mode = "in_memory" if workers == 1 else "multi_processing"
                args += [f"--direct_num_workers={workers}", f"--direct_running_mode={mode}"]
                # By name: Beam's DirectRunner would first try to download another runner.
                runner = FnApiRunner()
            elif workers > 1:
                raise InputError(
                    f"workers: got {workers}, allowed: nothing beside --runner, whose own options "
                    "say how many"
                )
            options = PipelineOptions(args)
            options.get_all_options()  # now, not when half the work is done
            return beam.Pipeline(runner=runner, options=options)
    except (ValueError, SystemExit) as error:
        lines = (complaint.getvalue() or str(error)).strip().splitlines()
        reason = lines[-1].partition("error: ")[2] or lines[0]
        raise InputError(f"Beam options {' '.join(beam_args)}: {reason}") from None


def _refuse_misspelled(args: Sequence[str]) -> None:
    """Beam drops options that it does not know; runners may know more, but not near misses."""
    known = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for group in PipelineOptions.__subclasses__():
        with contextlib.suppress(argparse.ArgumentError):  # two groups may share an option
            group._add_argparse_args(known)
    names = [name for action in known._actions for name in action.option_strings]
    for arg in args:
        name = arg.partition("=")[0]
        close = difflib.get_close_matches(name, names, n=1, cutoff=0.85)
        if name.startswith("--") and name not in names and close:
            raise InputError(f"Beam options: got {name}, which Beam does not know; {close[0]}?")


def _existing(
    options: PrepOptions, files: Sequence[InputFile], output: str, overwrite: bool
) -> Manifest | None:
    """The data set in `output` if it is the one asked for; None if there is none to keep."""
    if not FileSystems.exists(manifests.manifest_path(output)):
        return None
    try:
        manifest = manifests.read_manifest(output)
    except InputError:
        if overwrite:
            return None
        raise
    changed = [
        f"{name} was {manifest.options.get(name)!r}, now {value!r}"
        for name, value in to_dict(options).items()
        if manifest.options.get(name) != value
    ]
    now = source_facts(options.source, files)
    if now["fingerprint"] != manifest.source["fingerprint"]:
        changed.append(_changed_files(manifest.source.get("files", []), now.get("files", [])))
    if overwrite and changed:
        return None
    if not changed:
        gone = [
            s["path"] for s in manifest.shards if not FileSystems.exists(join(output, s["path"]))
        ]
        if not gone:
            return manifest
        if overwrite:
            return None
        raise InputError(f"output {output}: {gone[0]} is missing; use --overwrite to make it again")
    raise InputError(
        f"output {output}: holds another data set ({'; '.join(changed)}); "
        "use --overwrite or another directory"
    )


def _changed_files(before: list[dict], now: list[dict]) -> str:
    if not before or not now:
        return "input changed"
    old, new = ({f["path"]: f for f in files} for files in (before, now))
    changed = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return f"input changed: {', '.join(changed[:3])}{more}"


def clear(output: str, overwrite: bool) -> None:
    """Removes what an earlier preparation left, complete or killed, and nothing else."""
    manifest = manifests.manifest_path(output)
    staging, rejects = join(output, STAGING), join(output, REJECTS)
    # One of these stands from the first file written to the last one removed.
    ours = overwrite or any(FileSystems.exists(mark) for mark in (manifest, staging, rejects))
    left = [m.path for m in _list(join(output, "Split-*", "*"))]
    if left and not ours:
        raise InputError(
            f"output {output}: holds {left[0]}, which no preparation left there; "
            "use --overwrite or another directory"
        )
    # The manifest goes first: from here on the directory does not look complete.
    for path in [manifest, join(output, PARTIAL_MANIFEST), *left, staging, rejects]:
        if FileSystems.exists(path):
            FileSystems.delete([path])


def _list(pattern: str):
    return FileSystems.match([pattern])[0].metadata_list


@contextlib.contextmanager
def _watch(plan: Plan, files: Sequence[InputFile], on_progress: Callable[[Progress], None] | None):
    """Reports progress by the reports in the staging folder, whatever the runner."""
    if on_progress is None:
        yield
        return
    total = sum(file.size for group in plan.source.groups(files) for file in group)
    done = threading.Event()

    def look() -> None:
        names = [os.path.basename(m.path) for m in _list(join(plan.staging, "reports", "*.json"))]
        sizes = [int(n[:-5].rsplit("-", 1)[1]) for n in names if n.startswith("chunk-")]
        made = sum(n.startswith("shard-") for n in names)
        on_progress(Progress(sum(sizes), total, made, plan.total_shards))

    def poll() -> None:
        while not done.wait(POLL_SECONDS):
            look()

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield
        look()
    finally:
        done.set()
        thread.join()
