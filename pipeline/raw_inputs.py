"""The raw files behind a run, found or made before the DAG starts."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from pathlib import Path

from data_prep.errors import InputError
from pipeline.code_version import code_version
from pipeline.config import PREPARED, SAMPLE, DataConfig, SampleConfig


def raw_inputs(data: DataConfig, root: Path) -> list[str]:
    """Absolute globs of the raw files, or the one prepared directory.

    Raises:
      InputError: where a local glob matches nothing or the directory is no data set.
    """
    if data.source == SAMPLE:
        return [str(sample_drawings(data.sample, root / "raw") / "*.bin")]
    inputs = [path if "://" in path else os.path.abspath(path) for path in data.input]
    for path in inputs:
        if data.source == PREPARED:
            if "://" not in path and not os.path.isfile(os.path.join(path, "manifest.json")):
                raise InputError(
                    f"data.input: got {path!r}, allowed: a directory made by `latentforge prep` "
                    "(manifest.json is missing)"
                )
        elif "://" not in path and not glob.glob(path):
            raise InputError(f"data.input: no file matches {path!r}")
    return inputs


def sample_drawings(sample: SampleConfig, directory: Path) -> Path:
    """The folder of the procedural drawings, made once for each seed, number and code.

    Untouched files keep their times, by which TFX tells whether its input has changed.
    """
    version = code_version("data_prep.sample")[:12]
    folder = directory / f"sample-{sample.per_word}-{sample.seed}-{version}"
    if not folder.is_dir():
        from data_prep.sample import write_drawings

        directory.mkdir(parents=True, exist_ok=True)
        unfinished = tempfile.mkdtemp(prefix=".unfinished-", dir=directory)
        try:
            write_drawings(unfinished, per_word=sample.per_word, seed=sample.seed)
            os.rename(unfinished, folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return folder
