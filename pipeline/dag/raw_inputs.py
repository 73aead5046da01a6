"""The raw files behind a run, listed or generated before the DAG starts."""

from __future__ import annotations

import dataclasses
import glob
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data_prep.config import PrepConfig, SampleConfig
from data_prep.errors import InputError
from data_prep.layout import MANIFEST
from data_prep.source_registry import GeneratedSource, Source, sources
from data_prep.span_patterns import any_span, has_span, span_of_file
from pipeline.config.pipeline import PREPARED, DataConfig
from pipeline.dag.code_version import code_version


def raw_inputs(data: DataConfig, root: Path) -> tuple[list[str], PrepConfig | None]:
    """Returns absolute globs of the raw files, and the config with absolute paths of their lists;
    for a prepared data set its directory, and None. A source that generates its files writes them
    first, below `root`. InputError where a local glob matches nothing or the directory is no data
    set."""
    generated = data.generated_source
    if generated:
        folder = str(generated_folder(generated, data.sample, root / "raw"))
        lists: dict[str, Any] = generated.generated_lists(folder)
        config = dataclasses.replace(data.prep_config(), **lists)
        return [generated.generated_input(folder)], config
    inputs = [path if "://" in path else os.path.abspath(path) for path in data.input]
    if data.source == PREPARED:
        if "://" not in inputs[0] and not os.path.isfile(os.path.join(inputs[0], MANIFEST)):
            raise InputError(
                f"data.input: got {inputs[0]!r}, allowed: a directory made by `latentforge prep` "
                f"({MANIFEST} is missing)"
            )
        return inputs, None
    source = sources()[data.source]
    for i, path in enumerate(inputs):
        # A folder's own time says nothing of the files in it.
        if os.path.isdir(path) or (has_span(path) and _names_folders(path)):
            inputs[i] = os.path.join(path, *["*"] * source.folder_depth)
        if "://" not in path and not glob.glob(any_span(inputs[i])):
            raise InputError(f"data.input: no file matches {path!r}")
    if data.has_spans:
        _refuse_spans_as_labels(source, inputs)
    return inputs, data.prep_config()


def _names_folders(pattern: str) -> bool:
    """Tells whether the spans are folders; a remote name without an ending is taken for one."""
    if "://" in pattern:
        return "." not in os.path.basename(pattern)
    paths = glob.glob(any_span(pattern))
    spans = [path for path in paths if span_of_file(pattern, path) is not None]
    return bool(spans) and all(map(os.path.isdir, spans))


def _refuse_spans_as_labels(source: Source, inputs: Sequence[str]) -> None:
    """Refuses a label that names the span, since it would be another one in every span."""
    for path in inputs:
        folder, name = os.path.split(path)
        label = {"folder": os.path.basename(folder), "file": name}.get(source.label_from, "")
        if has_span(label) and ".ndjson" not in label:
            raise InputError(
                f"data.input {path}: the {source.label_from}'s name is the label, allowed: the "
                "placeholder of the span in a folder above it"
            )


def generated_folder(source: GeneratedSource, sample: SampleConfig, directory: Path) -> Path:
    """Returns the folder of a source's generated files, written once for each config and code.

    Untouched files keep their times, by which TFX tells whether its input has changed.
    """
    version = code_version(source.generated_by)[:12]
    folder = directory / f"{source.folder_name(sample)}-{version}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent)
        try:
            source.generate(unfinished, sample)
            os.rename(unfinished, folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return folder
