"""The preparation as one Beam pipeline, on any runner: route, then make shards.

Inputs are cut into chunks. A worker reads a chunk whole and spills its raw records by
shard into uniquely named files; only (shard, file, offset, length) goes through the
GroupByKey. The worker of a shard sorts its records by key, drops repeats, draws and
encodes them, and moves the finished file to its name. So the bytes of a shard depend
on neither workers nor order nor run, and memory is bounded by a shard and a chunk.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
from collections.abc import Callable, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from data_prep.config import PrepConfig
from data_prep.errors import InputError
from data_prep.filesystem import InputFile, absolute, join, make_directory
from data_prep.job.finalize import finalize
from data_prep.job.make_shards import MakeShard, SmallestHashes, label_ranks
from data_prep.job.output import clear, existing_data_set
from data_prep.job.plan import Plan, make_plan
from data_prep.job.progress import PrepProgress, watch_progress
from data_prep.job.route import CutGroup, RouteChunk
from data_prep.layout import REPORTS, split_folder
from data_prep.manifest import Manifest
from data_prep.sources.opening import open_source


def prepare(
    config: PrepConfig,
    inputs: Sequence[str],
    output: str,
    *,
    workers: int = 1,
    beam_args: Sequence[str] = (),
    overwrite: bool = False,
    on_progress: Callable[[PrepProgress], None] | None = None,
) -> Manifest:
    """Prepares a data set, or returns the manifest of the one that already is there.

    Args:
      inputs: globs or folders, on any filesystem that Beam reads, as `output` is.
      workers: local processes, where `beam_args` name no runner.
      beam_args: options of a Beam runner, as on a command line.
      overwrite: replace a complete data set that differs.
      on_progress: called about twice a second from another thread.

    Raises:
      InputError: wrong input, too many rejects, or a different data set in `output`.
    """
    files, reader = open_source(config, inputs)
    existing = existing_data_set(config, files, reader.pixel_version, output, overwrite)
    if existing is not None:
        return existing
    pipeline = make_pipeline(workers, beam_args)
    clear(output, overwrite)
    plan = make_plan(reader, config, files, absolute(output))
    try:  # first: it marks the directory as a preparation's
        make_directory(join(plan.staging, REPORTS))
    except OSError as error:
        raise InputError(f"output {output}: cannot be written to ({error})") from error
    for split in plan.splits:
        make_directory(join(output, split_folder(split)))
    with watch_progress(plan, files, on_progress), pipeline:
        build(pipeline, plan, files)
    return finalize(plan, files)


def build(pipeline: beam.Pipeline, plan: Plan, files: Sequence[InputFile]) -> beam.PCollection:
    """Adds the whole preparation to a pipeline; returns the numbers of the shards written."""
    reader, seed, limit = plan.reader, plan.config.seed, plan.config.per_label
    chunks = (
        pipeline
        | "ListFiles" >> beam.Create(list(enumerate(reader.groups(files))))
        | "SpreadFiles" >> beam.Reshuffle()
        | "CutFiles" >> beam.ParDo(CutGroup(plan))
        | "SpreadChunks" >> beam.Reshuffle()
    )
    lists = (
        pipeline
        | "ListsOfSource" >> beam.Create([reader])
        | "ReadLists" >> beam.Map(lambda source: source.side_input())
    )
    route = beam.ParDo(RouteChunk(plan), beam.pvalue.AsSingleton(lists))
    pieces = chunks | "RouteChunks" >> route
    # An empty piece for every shard, so that shards without records are written too.
    nothing = pipeline | "ListShards" >> beam.Create([(s, None) for s in range(plan.total_shards)])
    shards = (pieces, nothing) | beam.Flatten() | "GroupByShard" >> beam.GroupByKey()
    if not limit:
        return shards | "MakeShards" >> beam.ParDo(MakeShard(plan))
    largest = (
        shards
        | "RankShards" >> beam.MapTuple(lambda _, pieces: label_ranks(pieces, seed, limit))
        | "SmallestHashes" >> beam.CombineGlobally(SmallestHashes(limit))
    )
    return shards | "MakeShards" >> beam.ParDo(MakeShard(plan), beam.pvalue.AsSingleton(largest))


def make_pipeline(workers: int, beam_args: Sequence[str]) -> beam.Pipeline:
    """Returns an empty pipeline on the runner that `beam_args` name, else on local processes.

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
    """Refuses near misses of Beam's options, which Beam would drop as a runner's own."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for group in PipelineOptions.__subclasses__():
        with contextlib.suppress(argparse.ArgumentError):  # two groups may share an option
            group._add_argparse_args(parser)
    names = [name for action in parser._actions for name in action.option_strings]
    for arg in args:
        name = arg.partition("=")[0]
        close = difflib.get_close_matches(name, names, n=1, cutoff=0.85)
        if name.startswith("--") and name not in names and close:
            raise InputError(f"Beam options: got {name}, which Beam does not know; {close[0]}?")
