"""The generation verbs: each draws one figure of a finished run or of a pushed decoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from data_prep.config_base import require
from data_prep.errors import InputError
from pipeline.generate.finished_run import FinishedRun, edit_names, find
from pipeline.logs import quiet_libraries
from trainer.export.metadata import condition_names, read_metadata, takes_labels

MOST_EDITS = 4  # attributes, where none are named
MOST = {"sample": 1000, "reconstruct": 1000}  # images; the other verbs: 100 rows


def _names(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",")) if value else ()


def _numbers(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in value.split(",")) if value else ()
    except ValueError:
        raise InputError(f"--weights: got {value!r}, allowed: numbers, such as .5,.5") from None


def _labels(help: str, required: bool = False) -> Callable:
    return click.option(
        "--labels", default="", required=required, callback=_names, metavar="A,B,…", help=help
    )


def _verb(count: int, count_help: str, *, decoder: bool = True) -> Callable:
    """Makes a command with the options that every verb has."""

    def add(command: Callable) -> Callable:
        path = click.Path(path_type=Path)
        options = [
            click.option(
                "--run", "run_root", type=path, metavar="DIR",
                help="Root of a finished run. Default: the newest one below runs/.",
            ),
            *([click.option(
                "--decoder", type=path, metavar="DIR",
                help="A pushed decoder to use instead of a run.",
            )] if decoder else []),
            click.option("--count", default=count, show_default=True, help=count_help),
            click.option(
                "--seed", default=0, show_default=True,
                help="Seed of the codes and images that are drawn.",
            ),
            click.option(
                "--output", type=path, metavar="FILE.png",
                help="The picture to write. Default: <verb>.png.",
            ),
        ]  # fmt: skip
        for option in reversed(options):
            command = option(command)
        return click.command()(command)

    return add


@_verb(30, "Images to draw; from a conditional model, for each label.")
@_labels("Labels to draw images of, from a conditional model. Default: the first ten.")
def sample(labels: tuple[str, ...], **options: Any) -> None:
    """Draw new images from the prior."""
    run, save = _prepare("sample", **options)
    if labels:
        _check_conditions(run, labels)
    save("samples", labels=labels)


@_verb(20, "Images to reconstruct.", decoder=False)
@_labels("Labels to choose images of. Default: all.")
def reconstruct(labels: tuple[str, ...], **options: Any) -> None:
    """Draw real images over their reconstructions."""
    _, save = _prepare("reconstruct", **options)
    save("reconstructions", labels=labels)


@_verb(6, "Pairs of images to draw, a row each.")
@click.option("--steps", default=10, show_default=True, help="Images in a row, A and B included.")
@click.option("--from", "start", metavar="KEY", help="Key of image A.")
@click.option("--to", "end", metavar="KEY", help="Key of image B.")
@_labels("Labels to choose images of. Default: all.")
def morph(
    steps: int, start: str | None, end: str | None, labels: tuple[str, ...], **options: Any
) -> None:
    """Draw the way from an image A to an image B, in equal steps."""
    require(2 <= steps <= 100, "--steps", steps, "2 to 100")
    if (start is None) != (end is None):
        raise InputError("--from, --to: got one of them, allowed: both or none")
    ends = (start, end) if start is not None and end is not None else None
    if ends and labels:
        raise InputError("--labels: got labels besides --from and --to, allowed: one of the two")
    run, save = _prepare("morph", **options)
    if run.examples is None and (ends or labels):
        raise InputError("--decoder: it has no images to start from, allowed: --run")
    save("morphs", steps=steps, ends=ends, labels=labels)


@_verb(8, "Prototypes to draw, a row each.")
@_labels("Labels to draw, a column each. Default: the first ten.")
def style(labels: tuple[str, ...], **options: Any) -> None:
    """Draw the style of one image under every label (conditional models)."""
    run, save = _prepare("style", **options)
    _check_conditions(run, labels)
    save("styles", labels=labels)


@_verb(10, "Images to draw in each row.")
@_labels("Labels to mix, such as 8,3; four without weights make a grid.", required=True)
@click.option(
    "--weights", default="", callback=_numbers, metavar="X,Y,…",
    help="Weights of the labels, such as .5,.5. Default: equal weights.",
)  # fmt: skip
def mix(labels: tuple[str, ...], weights: tuple[float, ...], **options: Any) -> None:
    """Draw images of mixed labels (conditional models)."""
    run, save = _prepare("mix", **options)
    _check_conditions(run, labels)
    require(len(labels) >= 2, "--labels", ",".join(labels), "at least two labels")
    if weights:
        _check_weights(weights, labels, takes_labels(read_metadata(str(run.decoder))))
    require(options["count"] >= 2, "--count", options["count"], "2 to 100")
    save("mixes", labels=labels, weights=weights)


@_verb(8, "Latent dimensions to draw at most, a row each.")
def traverse(**options: Any) -> None:
    """Draw latent dimensions one by one, those with the largest KL first."""
    _, save = _prepare("traverse", **options)
    save("traversals")


@_verb(4, "Images to edit, a row each for every attribute.")
@click.option(
    "--attributes", default="", callback=_names, metavar="A,B,…",
    help="Attributes or labels to edit. Default: the four whose vectors separate images best.",
)  # fmt: skip
def edit(attributes: tuple[str, ...], **options: Any) -> None:
    """Draw images moved along attribute vectors, by strengths of -4 to 4."""
    run, save = _prepare("edit", **options)
    known = edit_names(run)
    if not known:
        raise InputError(
            f"{run.decoder}: no attribute vectors, "
            "allowed: a model of data with attributes or labels that are not its condition"
        )
    for name in attributes:
        plain = name.partition(" without ")[0]
        require(plain in known, "--attributes", name, ", ".join(known))
    save("edits", attributes=attributes or known[:MOST_EDITS])


VERBS = (sample, reconstruct, morph, style, mix, traverse, edit)


def _prepare(
    verb: str,
    *,
    run_root: Path | None,
    count: int,
    seed: int,
    output: Path | None,
    decoder: Path | None = None,
) -> tuple[FinishedRun, Callable[..., None]]:
    """Checks the options. Returns the run, and a function that draws and writes a figure: the one
    of that method of `ModelSession`."""
    most = MOST.get(verb, 100)
    require(1 <= count <= most, "--count", count, f"1 to {most}")
    require(0 <= seed < 2**31, "--seed", seed, "0 to 2147483647")
    path = output or Path(f"{verb}.png")
    require(path.suffix == ".png", "--output", str(path), "a file that ends in .png")
    require(path.parent.is_dir(), "--output", str(path), "a file in a directory that exists")
    run = find(run_root, decoder)

    def save(name: str, **arguments: Any) -> None:
        with quiet_libraries():
            from pipeline.generate.model_session import ModelSession
            from trainer.figures.sheet import sheet

            picture = sheet(getattr(ModelSession(run, seed), name)(count, **arguments))
        picture.save(path, "PNG", optimize=True)
        click.echo(str(path))

    return run, save


def _check_conditions(run: FinishedRun, labels: Sequence[str]) -> None:
    metadata = read_metadata(str(run.decoder))
    known = condition_names(metadata)
    if not known:
        raise InputError(
            f"{run.decoder}: the {metadata['family']} takes no labels, allowed: a conditional model"
        )
    for name in labels:
        require(name in known, "--labels", name, ", ".join(known))


def _check_weights(weights: Sequence[float], labels: Sequence[str], by_label: bool) -> None:
    shown = ",".join(f"{weight:g}" for weight in weights)
    require(len(weights) == len(labels), "--weights", shown, f"{len(labels)} numbers, one a label")
    require(all(0 <= weight <= 1 for weight in weights), "--weights", shown, "numbers from 0 to 1")
    require(
        not by_label or abs(sum(weights) - 1) < 1e-6, "--weights", shown, "numbers that add up to 1"
    )
