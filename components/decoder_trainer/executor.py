"""The executor that trains in the process of the node."""

from __future__ import annotations

from typing import Any

from tfx.components.trainer import executor as stock

from components.artifacts import Artifacts
from components.decoder_trainer.overrides import with_overrides


class Executor(stock.GenericExecutor):
    """TFX's executor, with the hyper-parameters given when the run started."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        super().Do(input_dict, output_dict, with_overrides(exec_properties))
