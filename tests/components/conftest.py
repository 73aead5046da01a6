"""The evaluator's executor on directories, as the DAG runs it."""

from __future__ import annotations

import json
import os

import pytest

FN_API = "--runner=apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner"


class Outcome:
    """Where an evaluation wrote to: the artifacts `evaluation`, `blessing` and `vectors`."""

    def __init__(self, folder):
        from tfx.types import standard_artifacts

        from components.artifacts import Evaluation, LatentVectors

        self.evaluation = _artifact(Evaluation, folder / "evaluation")
        self.blessing = _artifact(standard_artifacts.ModelBlessing, folder / "blessing")
        self.vectors = _artifact(LatentVectors, folder / "vectors")

    def read(self, name):
        with open(os.path.join(self.evaluation.uri, name)) as file:
            return json.load(file)

    @property
    def reasons(self):
        return self.read("blessing.json")["reasons"]


@pytest.fixture(scope="session")
def evaluate():
    """(folder, examples, model, config, baseline=, baseline_id=, extractor=, registry=) -> Outcome.
    The candidate's id is 1; the registry is a directory."""
    from tfx.dsl.components.base import base_beam_executor
    from tfx.types import standard_artifacts

    from components.artifacts import Extractor
    from components.configured_node import CODE_VERSION, CONFIG
    from components.latent_evaluator import executor
    from data_prep.config_base import to_dict

    def evaluate(
        folder, examples, model, config, baseline=None, baseline_id=2, extractor=None, registry=""
    ):
        outcome = Outcome(folder)
        data = _artifact(standard_artifacts.Examples, examples)
        data.split_names = '["train", "eval", "test"]'
        inputs = {
            executor.EXAMPLES: [data],
            executor.MODEL: [_artifact(standard_artifacts.Model, model, 1)],
        }
        if baseline:
            baseline = _artifact(standard_artifacts.Model, baseline, baseline_id)
            inputs[executor.BASELINE_MODEL] = [baseline]
        if extractor:
            inputs[executor.EXTRACTOR] = [_artifact(Extractor, extractor)]
        context = base_beam_executor.BaseBeamExecutor.Context(
            beam_pipeline_args=[FN_API], tmp_dir=str(folder / "tmp"), unique_id="1"
        )
        executor.Executor(context).Do(
            inputs,
            {
                executor.ATTRIBUTE_VECTORS: [outcome.vectors],
                executor.EVALUATION: [outcome.evaluation],
                executor.BLESSING: [outcome.blessing],
            },
            {
                CONFIG: json.dumps(to_dict(config)),
                CODE_VERSION: "1",
                executor.REGISTRY: str(registry),
            },
        )
        return outcome

    return evaluate


def _artifact(kind, uri, number=9):
    made = kind()
    made.uri, made.id = str(uri), number
    return made
