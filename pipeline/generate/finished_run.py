"""The directories of a finished run's models and data, read from its summary.

Standard library only: a wrong directory is refused before TensorFlow is loaded.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from data_prep.errors import InputError
from pipeline.local.summary import RUNS, SUMMARY, newest_root
from trainer.export.metadata import METADATA_FILE, VECTORS_FILE, condition_names, read_metadata

MODEL_FILE = "saved_model.pb"


class FinishedRun(NamedTuple):
    """The directories of a run. A decoder alone has only `decoder`; a run that ended before its
    evaluation has no `vectors`."""

    decoder: Path
    full: Path | None = None
    examples: Path | None = None
    vectors: Path | None = None


def find(run: Path | None, decoder: Path | None) -> FinishedRun:
    """Finds the models of a run, by default the newest one, or a decoder alone: that in the
    directory, or the newest version below it. InputError where there is none."""
    if run is not None and decoder is not None:
        raise InputError("--run, --decoder: got both, allowed: one of them")
    if decoder is not None:
        return FinishedRun(_decoder(decoder))
    root = run or newest_root()
    if root is None:
        raise InputError(f"--run: no run under {RUNS}, allowed: the root of a finished run")
    return _run(root)


def edit_names(run: FinishedRun) -> tuple[str, ...]:
    """Returns the attributes and labels along which codes can be moved, those with the best AUC
    first where that is known."""
    metadata = read_metadata(str(run.decoder))
    if run.vectors is None:
        return tuple(metadata.get("edits", ()))
    table = json.loads((run.vectors / VECTORS_FILE).read_text(encoding="utf-8"))
    conditions = condition_names(metadata)
    rows = [row for row in table["vectors"] if row["norm"] and row["name"] not in conditions]
    rows.sort(key=lambda row: -(row["auc"] or 0))
    return tuple(row["name"] for row in rows)


def _run(root: Path) -> FinishedRun:
    summary = root / SUMMARY
    if not summary.is_file():
        raise InputError(
            f"--run: got {str(root)!r}, allowed: the root of a run ({SUMMARY} is missing)"
        )
    artifacts = json.loads(summary.read_text(encoding="utf-8"))["artifacts"]
    if "model" not in artifacts:
        raise InputError(f"--run: the run in {root} has no model yet, allowed: a finished run")
    artifacts = {name: _moved(Path(path), root) for name, path in artifacts.items()}
    model, vectors = artifacts["model"], artifacts.get("attribute_vectors")
    run = FinishedRun(
        model / "Format-Serving", model / "Format-TFMA", artifacts["examples"], vectors
    )
    for path in run:
        if path is not None and not path.is_dir():
            raise InputError(f"--run: the run in {root} is not whole: {path} is missing")
    return run


def _moved(path: Path, root: Path) -> Path:
    """Returns the artifact's directory, below the root where that has been moved since."""
    if path.is_dir() or "artifacts" not in path.parts:
        return path
    below = path.parts[len(path.parts) - 1 - path.parts[::-1].index("artifacts") :]
    return root.joinpath(*below)


def _decoder(directory: Path) -> Path:
    if directory.is_dir():
        versions = [path for path in directory.iterdir() if path.name.isdecimal()]
        candidates = [directory, *sorted(versions, key=lambda path: -int(path.name))]
        for path in candidates:
            if (path / MODEL_FILE).is_file() and (path / METADATA_FILE).is_file():
                return path
    raise InputError(
        f"--decoder: got {str(directory)!r}, allowed: a pushed decoder, or the directory of "
        f"its versions ({MODEL_FILE} and {METADATA_FILE} are missing)"
    )
