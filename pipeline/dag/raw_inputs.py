"""The raw files behind a run, found or made before the DAG starts."""

from __future__ import annotations

import dataclasses
import glob
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from data_prep.config import PrepConfig
from data_prep.errors import InputError
from data_prep.span_patterns import any_span, has_span, span_of_file
from pipeline.config.pipeline import MADE_HERE, PREPARED, SAMPLE, DataConfig, SampleConfig
from pipeline.dag.code_version import code_version


def raw_inputs(data: DataConfig, root: Path) -> tuple[list[str], PrepConfig | None]:
    """Absolute globs of the raw files, and the options with absolute paths of their lists.

    For a prepared data set: its directory, and None.

    Raises:
      InputError: where a local glob matches nothing or the directory is no data set.
    """
    if data.source in MADE_HERE:
        options = data.prep_options()
        if data.source == SAMPLE:
            return [str(sample_drawings(data.sample, root / "raw") / "*.bin")], options
        folder = sample_faces(data.sample, root / "raw")
        return [str(folder / "img_align_celeba" / "*.jpg")], with_face_lists(options, folder)
    inputs = [path if "://" in path else os.path.abspath(path) for path in data.input]
    if data.source == PREPARED:
        if "://" not in inputs[0] and not os.path.isfile(os.path.join(inputs[0], "manifest.json")):
            raise InputError(
                f"data.input: got {inputs[0]!r}, allowed: a directory made by `latentforge prep` "
                "(manifest.json is missing)"
            )
        return inputs, None
    for i, path in enumerate(inputs):
        # A folder's own time says nothing of the files in it.
        if os.path.isdir(path) or (has_span(path) and _names_folders(path)):
            inputs[i] = os.path.join(path, "*/*" if data.source == "image_folder" else "*")
        if "://" not in path and not glob.glob(any_span(inputs[i])):
            raise InputError(f"data.input: no file matches {path!r}")
    if data.has_spans:
        _refuse_spans_as_labels(data.source, inputs)
    return inputs, data.prep_options()


def _names_folders(pattern: str) -> bool:
    """Whether its spans are folders. Of what is elsewhere, a name without an ending is one."""
    if "://" in pattern:
        return "." not in os.path.basename(pattern)
    found = glob.glob(any_span(pattern))
    spans = [path for path in found if span_of_file(pattern, path) is not None]
    return bool(spans) and all(map(os.path.isdir, spans))


def _refuse_spans_as_labels(source: str, inputs: Sequence[str]) -> None:
    """A label that names the span would be another one in every span."""
    for path in inputs:
        folder, name = os.path.split(path)
        what = "folder" if source == "image_folder" else "file"
        label = os.path.basename(folder) if source == "image_folder" else name
        if source in ("quickdraw", "image_folder") and has_span(label) and ".ndjson" not in label:
            raise InputError(
                f"data.input {path}: the {what}'s name is the label, allowed: the placeholder of "
                "the span in a folder above it"
            )


def with_face_lists(options: PrepConfig, folder: Path) -> PrepConfig:
    """The options with the lists that lie beside procedural faces."""
    from data_prep.synthetic.faces import ATTRIBUTES_FILE, IDENTITIES_FILE, PARTITION_FILE

    return dataclasses.replace(
        options,
        attributes=str(folder / ATTRIBUTES_FILE),
        identities=str(folder / IDENTITIES_FILE),
        partition=str(folder / PARTITION_FILE),
    )


def sample_drawings(sample: SampleConfig, directory: Path) -> Path:
    """The folder of the procedural drawings, made once for each seed, number and code."""

    def write(folder: str) -> None:
        from data_prep.synthetic.drawings import write_drawings

        write_drawings(folder, per_word=sample.per_word, seed=sample.seed)

    version = code_version("data_prep.synthetic.drawings")[:12]
    return _made_once(directory / f"sample-{sample.per_word}-{sample.seed}-{version}", write)


def sample_faces(sample: SampleConfig, directory: Path) -> Path:
    """The folder of the procedural faces and their lists, likewise."""

    def write(folder: str) -> None:
        from data_prep.synthetic.faces import write_faces

        write_faces(folder, count=sample.faces, seed=sample.seed)

    version = code_version("data_prep.synthetic.faces")[:12]
    return _made_once(directory / f"faces-{sample.faces}-{sample.seed}-{version}", write)


def _made_once(folder: Path, write: Callable[[str], None]) -> Path:
    """Untouched files keep their times, by which TFX tells whether its input has changed."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent)
        try:
            write(unfinished)
            os.rename(unfinished, folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return folder
