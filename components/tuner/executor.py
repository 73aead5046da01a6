"""The executor of the search on this machine."""

from __future__ import annotations

from typing import Any

from tfx.components.tuner import executor as stock
from tfx.types import artifact_utils

from components.artifacts import Artifacts
from components.tuner.trials import write_trials

TRIALS = "trials"


class Executor(stock.Executor):
    """Runs the search of `tuner_fn` on this machine, with any number of trials at a time.

    It writes `components.artifacts.Trials` besides the outputs of TFX's Tuner.
    """

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        tuner = stock.search(
            input_dict, exec_properties, self._get_tmp_dir(), print_tuning_summary=False
        )
        write_outputs(tuner, output_dict)


def write_outputs(tuner: Any, output_dict: Artifacts) -> None:
    """Writes the best hyper-parameters and all trials of a finished search."""
    stock.write_best_hyperparameters(tuner, output_dict)
    uri = artifact_utils.get_single_uri(output_dict[TRIALS])
    write_trials(tuner.selection(), tuner.search_spec, uri)
