"""The Tuner component's user function: wiring only."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx.v1.components import TunerFnResult

from data_prep.config_base import parse
from trainer.config import CODE_VERSION
from trainer.data.shape import DataShape
from trainer.data.training_inputs import check_inputs, check_vocabulary
from trainer.tuning.config import SearchSpec, TunerConfig, check_tuner
from trainer.tuning.search import ProcessTuner, search_directory
from trainer.tuning.train_feature_network import train_in_process
from trainer.tuning.trial_data import counts, write_arrays

TUNER = "tuner"  # keys of custom_config
TRIALS_ROOT = "trials_root"


def tuner_fn(fn_args: Any) -> TunerFnResult:
    """Returns the search that custom_config describes, at the trial where it stopped.

    Args:
      fn_args: tfx FnArgs. Read are `train_files`, `eval_files`, `transform_graph_path` (or
        `transform_output`), `working_dir`, and of `custom_config`: `settings` (JSON of
        `TrainerConfig`), `tuner` (JSON of `TunerConfig`), `code_version` and `trials_root`,
        below which the trials lie.

    Raises:
      InputError: before the first trial, where the search does not fit the data.
    """
    inputs = check_inputs(fn_args)
    custom_config = fn_args.custom_config
    tuner = parse(TunerConfig, json.loads(custom_config[TUNER]), TUNER)
    config = tuner.trial_config(inputs.config)
    check_tuner(tuner, config, DataShape(labels=config.labels, attributes=config.attributes))
    counts(inputs, tuner)
    transform = tft.TFTransformOutput(fn_args.transform_graph_path or fn_args.transform_output)
    check_vocabulary(config, transform)

    arrays = tempfile.TemporaryDirectory(prefix="latentforge-arrays-")
    write_arrays(inputs, transform, tuner, arrays.name)
    if tuner.objective == "cfid":
        train_in_process(arrays.name)
    root = custom_config.get(TRIALS_ROOT) or os.path.join(fn_args.working_dir, "trials")
    directory = search_directory(
        root,
        tuner,
        settings=config.to_json(),
        code=custom_config.get(CODE_VERSION, ""),
        data=inputs.data_version,
        versions=[keras.__version__, tf.__version__],
    )
    spec = SearchSpec(directory=directory, arrays=arrays.name, config=config, tuner=tuner)
    search = ProcessTuner(spec)
    search.arrays = arrays  # removed with the search
    return TunerFnResult(tuner=search, fit_kwargs={})
