"""What may be given anew for each run of a compiled pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tfx.orchestration.data_types import RuntimeParameter

from components.example_preparation.component import relative_to_common_folder
from data_prep.config import PrepConfig
from pipeline.config.pipeline import PipelineConfig
from pipeline.pipeline import RuntimeParameters, serving_directory

DATA_INPUT, PUSH_DESTINATION = "data_input", "push_destination"
BETA, LATENT_DIM, EPOCHS = "beta", "latent_dim", "epochs"


class Parameter(NamedTuple):
    """A runtime parameter of a compiled pipeline."""

    name: str
    kind: type
    default: Any
    description: str

    def open(self) -> RuntimeParameter:
        return RuntimeParameter(
            name=self.name, ptype=self.kind, default=self.default, description=self.description
        )


def parameters(
    config: PipelineConfig, root: str, inputs: Sequence[str], options: PrepConfig | None
) -> tuple[Parameter, ...]:
    """The five parameters, their defaults what the config says."""
    if options is None:
        data, described = inputs[0], "The prepared data set, a directory."
    else:
        data, patterns = relative_to_common_folder([*inputs, *options.lists])
        described = f"The folder of the raw files, which holds {', '.join(patterns)}."
    return (
        Parameter(DATA_INPUT, str, data, described),
        Parameter(BETA, float, float(config.model.beta), "Weight of the KL term."),
        Parameter(LATENT_DIM, int, config.model.latent_dim, "Number of latent dimensions."),
        Parameter(EPOCHS, int, config.train.epochs, "Epochs of training."),
        Parameter(PUSH_DESTINATION, str, serving_directory(root), "Gets the decoders that pass."),
    )


def runtime_parameters(found: Sequence[Parameter]) -> RuntimeParameters:
    """For create_pipeline."""
    return RuntimeParameters(**{parameter.name: parameter.open() for parameter in found})
