"""The executor that trains in a Vertex AI CustomJob, which it starts and waits for."""

from __future__ import annotations

from typing import Any

from tfx.extensions.google_cloud_ai_platform.trainer import executor as stock

from components.artifacts import Artifacts
from components.decoder_trainer.overrides import with_overrides


class Executor(stock.GenericExecutor):
    """TFX's Vertex executor, whose job gets the config with the hyper-parameters put in.

    The job runs TFX's own executor, which knows no properties but those of TFX's Trainer.
    """

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        super().Do(input_dict, output_dict, with_overrides(exec_properties))
