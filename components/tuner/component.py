"""The tuner as a node of the DAG."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.proto import trainer_pb2, tuner_pb2
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec
from tfx.types.standard_component_specs import TunerSpec
from tfx.utils import json_utils

from components.artifacts import Trials
from components.tuner import executor

TRIALS = executor.TRIALS


class TrialsTunerSpec(ComponentSpec):
    """The interface of TFX's Tuner, with all trials as one more output."""

    PARAMETERS = TunerSpec.PARAMETERS
    INPUTS = TunerSpec.INPUTS
    OUTPUTS = {**TunerSpec.OUTPUTS, TRIALS: ChannelParameter(type=Trials)}  # noqa: RUF012


class TrialsTuner(base_component.BaseComponent):
    """TFX's Tuner with one more output, `trials`: every trial with its result.

    `best_hyperparameters` and `tuner_results` are as TFX's Tuner writes them.
    """

    SPEC_CLASS = TrialsTunerSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        transform_graph: types.BaseChannel,
        tuner_fn: str,
        custom_config: dict[str, Any],
        parallel_trials: int = 1,
    ) -> None:
        """
        Args:
          examples: a prepared data set, its manifest included.
          transform_graph: the output of Transform.
          tuner_fn: dotted path of the user function.
          custom_config: of the user function; its contents enter the cache key.
          parallel_trials: trials at a time, each in a process or, on Vertex AI, on a machine.
        """
        super().__init__(
            spec=TrialsTunerSpec(
                examples=examples,
                transform_graph=transform_graph,
                tuner_fn=tuner_fn,
                train_args=trainer_pb2.TrainArgs(),
                eval_args=trainer_pb2.EvalArgs(),
                tune_args=tuner_pb2.TuneArgs(num_parallel_trials=parallel_trials),
                custom_config=json_utils.dumps(custom_config),
                best_hyperparameters=types.Channel(type=standard_artifacts.HyperParameters),
                tuner_results=types.Channel(type=standard_artifacts.TunerResults),
                trials=types.Channel(type=Trials),
            )
        )
