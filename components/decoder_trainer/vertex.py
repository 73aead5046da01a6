"""Trains in a Vertex AI CustomJob of its own, which this process starts and waits for."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.extensions.google_cloud_ai_platform.trainer import executor as stock

from components.decoder_trainer.overrides import with_overrides


class Executor(stock.GenericExecutor):
    """TFX's Vertex executor. The job gets the settings with the overrides put in: it runs TFX's
    own executor, which knows no others."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        super().Do(input_dict, output_dict, with_overrides(exec_properties))
