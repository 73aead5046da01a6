"""The search as a Vertex AI CustomJob with a machine for each of the parallel trials."""

from __future__ import annotations

import copy
import datetime
import os
from typing import Any

from tfx.components.tuner import executor as stock
from tfx.extensions.google_cloud_ai_platform import constants, runner
from tfx.extensions.google_cloud_ai_platform.trainer.executor import JOB_ID_KEY
from tfx.extensions.google_cloud_ai_platform.tuner import executor as extension
from tfx.types.standard_component_specs import CUSTOM_CONFIG_KEY
from tfx.utils import json_utils, name_utils

from components.artifacts import Artifacts
from components.tuner.executor import write_outputs


def worker_pools(job: dict[str, Any], parallel_trials: int) -> dict[str, Any]:
    """Returns the job with as many machines as there are to be trials at a time.

    Args:
      job: {project, job_spec: {worker_pool_specs: [the machine of a trial], ...}}.
      parallel_trials: how many; the first machine, which also hosts the chief, runs one, too.
    """
    spread = copy.deepcopy(job)
    first = spread["job_spec"]["worker_pool_specs"][0]
    pools = [{**first, "replica_count": 1}]
    if parallel_trials > 1:
        pools.append({**copy.deepcopy(first), "replica_count": parallel_trials - 1})
    spread["job_spec"]["worker_pool_specs"] = pools
    return spread


class Executor(extension.Executor):
    """Starts the job and waits for it; custom_config holds the keys of TFX's extension."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        self._log_startup(input_dict, output_dict, exec_properties)
        config = json_utils.loads(exec_properties[CUSTOM_CONFIG_KEY])
        arguments = stock.get_tune_args(exec_properties)
        parallel = arguments.num_parallel_trials if arguments else 1
        now = datetime.datetime.now().strftime("%Y%m%d%H%M%S")
        runner.start_cloud_training(
            input_dict,
            output_dict,
            exec_properties,
            name_utils.get_full_name(WorkerExecutor),
            worker_pools(config[extension.TUNING_ARGS_KEY], parallel),
            config.get(JOB_ID_KEY) or f"tfx_tuner_{now}",
            None,
            config.get(constants.ENABLE_VERTEX_KEY, False),
            config.get(constants.VERTEX_REGION_KEY),
        )


class WorkerExecutor(extension._WorkerExecutor):
    """The executor on each machine of the job, of which the chief alone writes the outputs."""

    def _run_chief_oracle(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        os.environ["KERASTUNER_ORACLE_IP"] = "0.0.0.0"
        os.environ["KERASTUNER_ORACLE_PORT"] = self._master_port
        os.environ["KERASTUNER_TUNER_ID"] = "chief"
        tuner = stock.search(
            input_dict, exec_properties, self._get_tmp_dir(), print_tuning_summary=False
        )
        _write(tuner, output_dict)

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        alone = self._tuner_id is None
        tuner = self._search(input_dict, output_dict, exec_properties)
        if alone:
            _write(tuner, output_dict)


def _write(tuner: Any, output_dict: Artifacts) -> None:
    tuner.check()
    write_outputs(tuner, output_dict)
