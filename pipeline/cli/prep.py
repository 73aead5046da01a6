"""`latentforge prep SOURCE`: raw files -> a prepared data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from data_prep.config import RASTERIZERS, PrepConfig
from data_prep.errors import InputError
from pipeline.cli.prep_run import run_prep

Command = Callable[..., None]


@click.group()
def prep() -> None:
    """Turn raw files into sharded, split and counted tf.Examples.

    Options of a Beam runner go after `--`; without them the job runs here.
    """


def _options(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def _inputs(what: str) -> Callable[[Command], Command]:
    return click.option(
        "--input", "inputs", required=True, multiple=True, metavar="GLOB",
        help=f"{what}; repeatable.",
    )  # fmt: skip


def _image_size(default: int) -> Callable[[Command], Command]:
    return click.option(
        "--image-size", type=int, default=default, show_default=True, metavar="PIXELS"
    )


def _words(name: str, what: str) -> Callable[[Command], Command]:
    return click.option(name, "words", default="", metavar="A,B,…", help=f"Only these {what}.")


_every_source = _options(
    click.option("--output", required=True, metavar="DIR", help="The data set's directory."),
    click.option("--overwrite", is_flag=True, help="Replace a different data set there."),
    click.option("--seed", type=int, default=0, show_default=True, help="Of the splits."),
    click.option(
        "--split-by", default="auto", show_default=True,
        help="key, identity, partition (the official one), or auto.",
    ),
    click.option(
        "--splits", default="0.8,0.1,0.1", show_default=True, metavar="TRAIN,EVAL,TEST",
        help="Shares of the records.",
    ),
    click.option("--shards", type=int, default=0, metavar="N", help="Files a split."),
    click.option("--per-label", type=int, default=0, metavar="N", help="At most N a label."),
    click.option("--max-reject-rate", type=float, default=0.01, show_default=True),
    click.option(
        "--workers", type=click.IntRange(1), default=1, show_default=True, help="Local processes."
    ),
    click.argument("beam_args", nargs=-1, type=click.UNPROCESSED),
)  # fmt: skip
_drawn = _options(
    _image_size(28),
    click.option(
        "--rasterizer", type=click.Choice(RASTERIZERS), default="official", show_default=True,
        help="official: anti-aliased, white on black; book: the cookbook's, at 32 pixels.",
    ),
    click.option("--recognized-only", is_flag=True, help="Only drawings the game recognized."),
)  # fmt: skip
_lists = _options(
    click.option("--attributes", default="", metavar="FILE", help="list_attr_celeba.txt or .csv"),
    click.option("--identities", default="", metavar="FILE", help="identity_CelebA.txt or .csv"),
    click.option("--partition", default="", metavar="FILE", help="list_eval_partition.txt or .csv"),
)


def _crop(context: click.Context, parameter: click.Parameter, value: str) -> int:
    named = {"none": 0, "square": -1}
    if value not in named and not value.isdecimal():
        raise click.BadParameter("none, square or a number of pixels")
    return named.get(value, int(value) if value.isdecimal() else 0)


def _crop_option(default: str, what: str) -> Callable[[Command], Command]:
    return click.option("--crop", default=default, show_default=True, callback=_crop, help=what)


@prep.command()
@_inputs(".bin, .ndjson (simplified or raw) or .npy files, or a folder of them")
@_words("--words", "words")
@_drawn
@_every_source
def quickdraw(**options: Any) -> None:
    """Google's Quick, Draw! drawings."""
    _prepare("quickdraw", **options)


@prep.command()
@click.option("--per-word", type=int, default=1000, show_default=True, help="Drawings a word.")
@click.option("--sample-seed", type=int, default=0, show_default=True, help="Of the drawings.")
@_words("--words", "words")
@_drawn
@_every_source
def sample(per_word: int, sample_seed: int, output: str, **options: Any) -> None:
    """Procedural drawings with known factors, made here; their files go to DIR/raw."""
    from pipeline.config.pipeline import SampleConfig
    from pipeline.dag.raw_inputs import sample_drawings

    config = SampleConfig(per_word=per_word, seed=sample_seed)
    folder = sample_drawings(config, _local(output) / "raw")
    _prepare("sample", (str(folder),), output=output, **options)


@prep.command("sample-faces")
@click.option("--faces", type=int, default=4000, show_default=True, help="How many.")
@click.option("--sample-seed", type=int, default=0, show_default=True, help="Of the faces.")
@_image_size(64)
@_crop_option("148", "none, 108, 140 or 148 pixels, centred.")
@_every_source
def faces(faces: int, sample_seed: int, output: str, **options: Any) -> None:
    """Procedural faces with known factors in CelebA's layout; their files go to DIR/raw."""
    from data_prep.synthetic.faces import (
        ATTRIBUTES_FILE,
        IDENTITIES_FILE,
        IMAGE_FOLDER,
        PARTITION_FILE,
    )
    from pipeline.config.pipeline import SampleConfig
    from pipeline.dag.raw_inputs import sample_faces

    config = SampleConfig(faces=faces, seed=sample_seed)
    folder = sample_faces(config, _local(output) / "raw")
    options |= {
        "attributes": str(folder / ATTRIBUTES_FILE),
        "identities": str(folder / IDENTITIES_FILE),
        "partition": str(folder / PARTITION_FILE),
    }
    _prepare("sample_faces", (str(folder / IMAGE_FOLDER),), output=output, **options)


@prep.command()
@_inputs("img_align_celeba.zip, or the folder of its pictures")
@_lists
@_image_size(64)
@_crop_option("none", "none, 108, 140 or 148 pixels, centred.")
@_every_source
def celeba(**options: Any) -> None:
    """CelebA's aligned faces, from the official zip or a folder."""
    _prepare("celeba", **options)


@prep.command()
@_inputs("the folder of the …-idx3-ubyte and …-idx1-ubyte files, gzip or plain")
@click.option("--pad", type=int, default=0, metavar="PIXELS", help="Side to pad to (MNIST: 32).")
@click.option(
    "--label-names", default="", metavar="A,B,…",
    help="Names of the classes 0, 1, …, or fashion_mnist.",
)  # fmt: skip
@_words("--classes", "classes, by name")
@_every_source
def idx(label_names: str, **options: Any) -> None:
    """MNIST, Fashion-MNIST and other IDX files."""
    from data_prep.sources.idx import FASHION_LABELS

    names = FASHION_LABELS if label_names == "fashion_mnist" else _split(label_names)
    _prepare("idx", label_names=names, **options)


@prep.command()
@_inputs("data_batch_*.bin and test_batch.bin, or their folder")
@_words("--classes", "classes, by name or number")
@click.option(
    "--student-number", default="", metavar="NUMBER",
    help="The four classes of its last different digits (the course's assignment).",
)  # fmt: skip
@_every_source
def cifar10(words: str, student_number: str, **options: Any) -> None:
    """CIFAR-10's binary batches."""
    from data_prep.sources.cifar10 import class_names, student_classes

    if words and student_number:
        raise InputError("student_number: allowed: nothing with --classes")
    chosen = student_classes(student_number) if student_number else class_names(_split(words))
    _prepare("cifar10", words=",".join(chosen), **options)


@prep.command("image-folder")
@_inputs("a folder with a sub-folder for each class, or a zip of one")
@_image_size(64)
@_crop_option("square", "square (the largest), none, or pixels, centred.")
@click.option("--gray", is_flag=True, help="One channel instead of three.")
@_words("--classes", "classes")
@_every_source
def image_folder(gray: bool, **options: Any) -> None:
    """Pictures (JPEG, PNG, WebP, TIFF, …), one sub-folder a class."""
    _prepare("image_folder", channels=1 if gray else 3, **options)


def _prepare(
    source: str,
    inputs: tuple[str, ...],
    *,
    output: str,
    overwrite: bool,
    workers: int,
    beam_args: tuple[str, ...],
    splits: str,
    words: str = "",
    **options: Any,
) -> None:
    if beam_args and not beam_args[0].startswith("-"):  # a glob that the shell has expanded
        raise InputError(
            f"argument {beam_args[0]!r}: got it without an option; quote globs, "
            "repeat --input for each, and put options of Beam after --"
        )
    try:
        shares = tuple(float(share) for share in splits.split(","))
    except ValueError:
        shares = ()
    if len(shares) != 3:
        raise InputError(f"splits: got {splits!r}, allowed: three shares, like 0.8,0.1,0.1")
    shaped = PrepConfig(source=source, words=_split(words), splits=shares, **options)
    shaped = shaped.with_absolute_lists()
    run_prep(shaped, inputs, output, overwrite=overwrite, workers=workers, beam_args=beam_args)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if text else ()


def _local(output: str) -> Path:
    if "://" in output:
        raise InputError(f"output: got {output!r}, allowed: a local directory for sample data")
    return Path(output)
