"""Attribute vectors of all attributes at once, against the course chapter's way, and the
whole evaluator.

  python benchmarks/attribute_vectors.py ROOT [--split train] [--passes N]
    [--evaluator | --table NAME]

ROOT is that of a finished run on data with attributes. The chapter goes over the images once
for each attribute: batches of 128, each encoded and sampled from, until both running means move
by less than 0.08 together (`running_table`) or, where they
never do, until the images are through (the chapter's own loop would begin anew). Reading and
encoding are the same code on the same shards in both. Processor seconds of this process.
--passes measures that many of the chapter's passes, evenly chosen, and scales them up.

With --evaluator: the whole evaluation as the DAG runs it, of --split, with the vectors of the
other one, less the extractor's training.

With --table: the chapter's table of one attribute (images, POS move, NEG move, distance, change).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from rich.console import Console
from rich.table import Table

from data_prep.layout import shard_glob
from data_prep.manifest import read_manifest
from pipeline.generate.finished_run import find

RUNNER = "--runner=apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner"


def shards_of(examples: Path, split: str) -> tuple[str, ...]:
    return tuple(sorted(str(path) for path in examples.glob(shard_glob(split))))


def chapter_seconds(full: Path, images, passes: int) -> tuple[float, int, int]:
    """Measures one pass an attribute.

    Returns:
      The seconds for all attributes, how many passes were made, and how many of those stopped
      before the images were through.
    """
    from running_table import STOP, running_table, sampled_codes

    from trainer.export.loaded import LoadedModel

    model = LoadedModel(str(full))
    next(sampled_codes(model, images, images.attributes[0], 0))  # the first call compiles
    names = images.attributes[:: max(1, len(images.attributes) // passes)] if passes else None
    names = names or images.attributes
    early = 0
    start = time.process_time()
    for name in names:
        steps, _ = running_table(sampled_codes(model, images, name, 0))
        early += steps[-1].positive_move + steps[-1].negative_move < STOP
    each = (time.process_time() - start) / len(names)
    return each * len(images.attributes), len(names), early


def beam_seconds(full: Path, images, folder: Path) -> float:
    """Measures the Beam pass of the evaluator, loading the model and Beam's own start included."""
    from components.latent_evaluator.vectors.estimate import mean_differences

    path = folder / "vectors.txt"

    def write(moments) -> None:
        size = len(images.attributes)
        vectors, _ = mean_differences(moments[:size], moments[size:])
        path.write_text(str(vectors.shape))

    start = time.process_time()
    with beam.Pipeline(options=PipelineOptions([RUNNER])) as pipeline:
        _ = pipeline | images.of(str(full)) | beam.Map(write)
    seconds = time.process_time() - start
    assert path.read_text().startswith(f"({len(images.attributes)},")
    return seconds


def evaluator_seconds(root: Path, split: str, folder: Path) -> tuple[float, float]:
    """Measures processor and wall-clock seconds of the whole component on the run's artifacts."""
    from tfx.dsl.components.base import base_beam_executor
    from tfx.types import standard_artifacts

    from components.artifacts import Evaluation, Extractor, LatentVectors
    from components.configured_node import CODE_VERSION, CONFIG
    from components.latent_evaluator import executor
    from components.latent_evaluator.config import EvaluationConfig
    from data_prep.config_base import to_dict

    uris = json.loads((root / "summary.json").read_text())["artifacts"]

    def artifact(kind, uri):
        artifact = kind()
        artifact.uri = str(uri)
        return artifact

    examples = artifact(standard_artifacts.Examples, uris["examples"])
    examples.split_names = json.dumps(["train", "eval", "test"])
    config = EvaluationConfig(split=split, vectors_split="test" if split != "test" else "train")
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=[RUNNER], tmp_dir=str(folder / "tmp"), unique_id="1"
    )
    start, wall = time.process_time(), time.perf_counter()
    executor.Executor(context).Do(
        {
            executor.EXAMPLES: [examples],
            executor.MODEL: [artifact(standard_artifacts.Model, uris["model"])],
            executor.EXTRACTOR: [artifact(Extractor, uris["extractor"])],
        },
        {
            executor.ATTRIBUTE_VECTORS: [artifact(LatentVectors, folder / "vectors")],
            executor.EVALUATION: [artifact(Evaluation, folder / "evaluation")],
            executor.BLESSING: [artifact(standard_artifacts.ModelBlessing, folder / "blessing")],
        },
        {CONFIG: json.dumps(to_dict(config)), CODE_VERSION: "1"},
    )
    return time.process_time() - start, time.perf_counter() - wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("--split", default="train")
    parser.add_argument("--passes", type=int, default=0)
    parser.add_argument("--evaluator", action="store_true")
    parser.add_argument("--table", metavar="NAME")
    arguments = parser.parse_args()
    run = find(arguments.root, None)
    manifest = read_manifest(str(run.examples))

    from components.latent_evaluator.passes.beam import LatentMoments
    from trainer.config import ImageShape

    height, width, channels = manifest.image.shape
    images = LatentMoments(
        files=shards_of(run.examples, arguments.split),
        image=ImageShape(height=height, width=width, channels=channels),
        attributes=manifest.attributes,
        labels=(),
    )
    count = manifest.counts["by_split"][arguments.split]
    console = Console()
    if arguments.table:
        from running_table import as_text, running_table, sampled_codes

        from trainer.export.loaded import LoadedModel

        steps, _ = running_table(
            sampled_codes(LoadedModel(str(run.full)), images, arguments.table, 0)
        )
        console.print(as_text(arguments.table, steps))
        return
    with tempfile.TemporaryDirectory() as folder:
        if arguments.evaluator:
            seconds, wall = evaluator_seconds(arguments.root, arguments.split, Path(folder))
            console.print(f"whole evaluator, {count:,} images: {seconds:.1f} s of processor time")
            console.print(f"                 {wall:.1f} s by the clock")
            return
        chapter, passes, early = chapter_seconds(run.full, images, arguments.passes)
        beam_pass = beam_seconds(run.full, images, Path(folder))
    table = Table("way", "processor s", "times as fast")
    note = f"{passes} made, {early} stopped early"
    table.add_row(f"one pass an attribute ({note})", f"{chapter:.1f}", "1")
    table.add_row("one pass for all", f"{beam_pass:.1f}", f"{chapter / beam_pass:.1f}")
    console.print(f"{len(images.attributes)} attributes, {count:,} images of {arguments.split}")
    console.print(table)


if __name__ == "__main__":
    main()
