"""The parameters of a compiled pipeline, which may be given anew for each run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tfx.orchestration.data_types import RuntimeParameter

from components.example_preparation.component import relative_to_common_folder
from data_prep.config import PrepConfig
from pipeline.config.pipeline import PipelineConfig
from pipeline.pipeline import RuntimeParameters, serving_directory
from trainer.config.hyperparameters import RUNTIME

DATA_INPUT, PUSH_DESTINATION = "data_input", "push_destination"


class Parameter(NamedTuple):
    """A runtime parameter of a compiled pipeline."""

    name: str
    kind: type
    default: Any
    description: str

    def open(self) -> RuntimeParameter:
        """Returns TFX's placeholder for the value."""
        return RuntimeParameter(
            name=self.name, ptype=self.kind, default=self.default, description=self.description
        )


def parameters(
    config: PipelineConfig, root: str, inputs: Sequence[str], options: PrepConfig | None
) -> tuple[Parameter, ...]:
    """Returns the parameters, whose defaults are the config's values.

    They are the data, the hyper-parameters of `RUNTIME`, and the destination of the push.

    Args:
      config: of the pipeline.
      root: holds everything that a run leaves behind.
      inputs: globs of the raw files, or the one prepared directory.
      options: of the preparation; None where the data is prepared.
    """
    if options is None:
        data, description = inputs[0], "The prepared data set, a directory."
    else:
        data, patterns = relative_to_common_folder([*inputs, *options.lists])
        description = f"The folder of the raw files, which holds {', '.join(patterns)}."
    return (
        Parameter(DATA_INPUT, str, data, description),
        *(
            Parameter(name, entry.kind, entry.kind(entry.value_in(config)), entry.description)
            for name, entry in RUNTIME.items()
        ),
        Parameter(PUSH_DESTINATION, str, serving_directory(root), "Gets the decoders that pass."),
    )


def runtime_parameters(parameters: Sequence[Parameter]) -> RuntimeParameters:
    """Returns the placeholders of the parameters, as `create_pipeline` takes them."""
    placeholders = {parameter.name: parameter.open() for parameter in parameters}
    return RuntimeParameters(
        data_input=placeholders[DATA_INPUT],
        hyperparameters={name: placeholders[name] for name in RUNTIME},
        push_destination=placeholders[PUSH_DESTINATION],
    )
