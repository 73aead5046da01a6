"""`latentforge sample`, `reconstruct`, `morph`, `style`, `mix`, `traverse` and `edit`: a picture
each, from a finished run or a pushed decoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data_prep.config_base import require
from data_prep.errors import InputError
from pipeline.generate.finished_run import FinishedRun, edit_names, find
from pipeline.logs import quiet_libraries
from trainer.export.metadata import condition_names, read_metadata, takes_labels

if TYPE_CHECKING:
    from PIL import Image

MOST_EDITS = 4  # attributes, where none are named
MOST = {"sample": 1000, "reconstruct": 1000}  # images; of what takes a row 100


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
    """The options that every verb has."""

    def add(command: Callable) -> Callable:
        path = click.Path(path_type=Path)
        options = [
            click.option(
                "--run", "run_root", type=path, metavar="DIR",
                help="Root of a finished run. Default: the newest below runs/.",
            ),
            *([click.option(
                "--decoder", type=path, metavar="DIR", help="A pushed decoder, instead of a run.",
            )] if decoder else []),
            click.option("--count", default=count, show_default=True, help=count_help),
            click.option("--seed", default=0, show_default=True, help="Of whatever is drawn."),
            click.option("--output", type=path, metavar="FILE.png", help="Default: <verb>.png."),
        ]  # fmt: skip
        for option in reversed(options):
            command = option(command)
        return click.command()(command)

    return add


@_verb(30, "Images, for each label where the model takes one.")
@_labels("Only of these, from a conditional model.")
def sample(labels: tuple[str, ...], **options: Any) -> None:
    """New images from the prior."""
    found, save = _prepare("sample", **options)
    if labels:
        _check_conditions(found, labels)
    save("sample", labels=labels)


@_verb(20, "Images.", decoder=False)
@_labels("Only images of these.")
def reconstruct(labels: tuple[str, ...], **options: Any) -> None:
    """Real images over their reconstructions."""
    _, save = _prepare("reconstruct", **options)
    save("reconstruct", labels=labels)


@_verb(6, "Pairs, a row each.")
@click.option("--steps", default=10, show_default=True, help="Images from A to B, both included.")
@click.option("--from", "start", metavar="KEY", help="The key of image A.")
@click.option("--to", "end", metavar="KEY", help="The key of image B.")
@_labels("Only between images of these.")
def morph(
    steps: int, start: str | None, end: str | None, labels: tuple[str, ...], **options: Any
) -> None:
    """From an image A to an image B, in equal steps."""
    require(2 <= steps <= 100, "--steps", steps, "2 to 100")
    if (start is None) != (end is None):
        raise InputError("--from, --to: got one of them, allowed: both or none")
    ends = (start, end) if start is not None and end is not None else None
    if ends and labels:
        raise InputError("--labels: got labels besides --from and --to, allowed: one of the two")
    found, save = _prepare("morph", **options)
    if found.examples is None and (ends or labels):
        raise InputError("--decoder: it has no images to start from, allowed: --run")
    save("morph", steps=steps, ends=ends, labels=labels)


@_verb(8, "Prototypes, a row each.")
@_labels("The columns. Default: the first ten.")
def style(labels: tuple[str, ...], **options: Any) -> None:
    """The style of one image under every label (conditional models)."""
    found, save = _prepare("style", **options)
    _check_conditions(found, labels)
    save("style", labels=labels)


@_verb(10, "Images in a row.")
@_labels("What to mix, such as 8,3; four without weights make a grid.", required=True)
@click.option(
    "--weights", default="", callback=_numbers, metavar="X,Y,…",
    help="Of the labels, such as .5,.5. Default: equal ones.",
)  # fmt: skip
def mix(labels: tuple[str, ...], weights: tuple[float, ...], **options: Any) -> None:
    """Between labels: soft mixes of them (conditional models)."""
    found, save = _prepare("mix", **options)
    _check_conditions(found, labels)
    require(len(labels) >= 2, "--labels", ",".join(labels), "at least two labels")
    if weights:
        _check_weights(weights, labels, takes_labels(read_metadata(str(found.decoder))))
    require(options["count"] >= 2, "--count", options["count"], "2 to 100")
    save("mix", labels=labels, weights=weights)


@_verb(8, "Latent dimensions at most, a row each.")
def traverse(**options: Any) -> None:
    """Latent dimensions one by one, those that carry most first."""
    _, save = _prepare("traverse", **options)
    save("traverse")


@_verb(4, "Images, a row each under every attribute.")
@click.option(
    "--attributes", default="", callback=_names, metavar="A,B,…",
    help="Attributes or labels. Default: the four that the codes tell apart best.",
)  # fmt: skip
def edit(attributes: tuple[str, ...], **options: Any) -> None:
    """Images along attribute vectors, by strengths of -4 to 4."""
    found, save = _prepare("edit", **options)
    known = edit_names(found)
    if not known:
        raise InputError(
            f"{found.decoder}: no attribute vectors, "
            "allowed: a model of data with attributes or labels that it is not told"
        )
    for name in attributes:
        plain = name.partition(" without ")[0]
        require(plain in known, "--attributes", name, ", ".join(known))
    save("edit", attributes=attributes or known[:MOST_EDITS])


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
    """What was found, and a function that draws, writes the picture and says where it is."""
    most = MOST.get(verb, 100)
    require(1 <= count <= most, "--count", count, f"1 to {most}")
    require(0 <= seed < 2**31, "--seed", seed, "0 to 2147483647")
    path = output or Path(f"{verb}.png")
    require(path.suffix == ".png", "--output", str(path), "a file that ends in .png")
    require(path.parent.is_dir(), "--output", str(path), "a file in a directory that exists")
    found = find(run_root, decoder)

    def save(name: str, **arguments: Any) -> None:
        with quiet_libraries():
            from pipeline.generate import figures, model_session

            made_with = model_session.ModelSession(found, seed)
            picture: Image.Image = getattr(figures, name)(made_with, count=count, **arguments)
        picture.save(path, "PNG", optimize=True)
        click.echo(str(path))

    return found, save


def _check_conditions(found: FinishedRun, labels: Sequence[str]) -> None:
    metadata = read_metadata(str(found.decoder))
    known = condition_names(metadata)
    if not known:
        raise InputError(
            f"{found.decoder}: the {metadata['family']} takes no labels, "
            "allowed: a conditional model"
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
