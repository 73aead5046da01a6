"""A Trainer whose runtime hyper-parameters are properties of the node."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.proto import trainer_pb2
from tfx.types import standard_artifacts
from tfx.types.component_spec import ComponentSpec, ExecutionParameter
from tfx.types.standard_component_specs import TrainerSpec
from tfx.utils import json_utils

from components.decoder_trainer import executor
from trainer.config.hyperparameters import RUNTIME


class DecoderTrainerSpec(ComponentSpec):
    """TFX's TrainerSpec with a property for each hyper-parameter of `RUNTIME`."""

    PARAMETERS = {  # noqa: RUF012
        **TrainerSpec.PARAMETERS,
        **{
            name: ExecutionParameter(type=entry.kind, optional=True)
            for name, entry in RUNTIME.items()
        },
    }
    INPUTS = TrainerSpec.INPUTS
    OUTPUTS = TrainerSpec.OUTPUTS
    TYPE_ANNOTATION = TrainerSpec.TYPE_ANNOTATION


class DecoderTrainer(base_component.BaseComponent):
    """A Trainer; a hyper-parameter that is given wins over the config in custom_config."""

    SPEC_CLASS = DecoderTrainerSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        *,
        run_fn: str,
        examples: types.BaseChannel,
        transform_graph: types.BaseChannel,
        custom_config: dict[str, Any],
        base_model: types.BaseChannel | None = None,
        hyperparameters: types.BaseChannel | None = None,
        **runtime: Any,
    ) -> None:
        """Args:
        run_fn, examples, transform_graph, custom_config, base_model, hyperparameters: as
          tfx.components.Trainer takes them; custom_config holds `settings`, the JSON of
          trainer.config.TrainerConfig.
        runtime: a value or a RuntimeParameter for names in
          `trainer.config.hyperparameters.RUNTIME`; the config decides the others.
        """
        super().__init__(
            spec=DecoderTrainerSpec(
                run_fn=run_fn,
                examples=examples,
                transform_graph=transform_graph,
                base_model=base_model,
                hyperparameters=hyperparameters,
                train_args=trainer_pb2.TrainArgs(),
                eval_args=trainer_pb2.EvalArgs(),
                custom_config=json_utils.dumps(custom_config),
                model=types.Channel(type=standard_artifacts.Model),
                model_run=types.Channel(type=standard_artifacts.ModelRun),
                # The spec refuses a name that is not of RUNTIME.
                **{**dict.fromkeys(RUNTIME), **runtime},
            )
        )
