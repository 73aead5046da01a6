"""The drift of a new span as a node of the DAG."""

from __future__ import annotations

import json

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifacts import Drift
from components.span_drift import executor
from components.span_drift.config import DriftConfig
from data_prep.config_base import to_dict


class SpanDriftSpec(ComponentSpec):
    """Inputs, outputs and properties of `SpanDrift`."""

    PARAMETERS = {  # noqa: RUF012
        executor.CONFIG: ExecutionParameter(type=str),
        executor.CODE_VERSION: ExecutionParameter(type=str),
    }
    INPUTS = {  # noqa: RUF012
        executor.EXAMPLES: ChannelParameter(type=standard_artifacts.Examples),
        executor.BASELINE_MODEL: ChannelParameter(type=standard_artifacts.Model, optional=True),
    }
    OUTPUTS = {executor.DRIFT: ChannelParameter(type=Drift)}  # noqa: RUF012


class SpanDrift(base_component.BaseComponent):
    """Compares the newest span with the last one that the latest blessed model was trained on.

    Both are read again in this run, and the same encoder encodes both.
    """

    SPEC_CLASS = SpanDriftSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        baseline_model: types.BaseChannel,
        config: DriftConfig,
        code_version: str,
    ) -> None:
        """
        Args:
          examples: a window of prepared spans.
          baseline_model: the latest blessed model, if there is one.
          config: the thresholds.
          code_version: changes whenever the code that compares does.
        """
        super().__init__(
            spec=SpanDriftSpec(
                **{
                    executor.EXAMPLES: examples,
                    executor.BASELINE_MODEL: baseline_model,
                    executor.CONFIG: json.dumps(to_dict(config), sort_keys=True),
                    executor.CODE_VERSION: code_version,
                    executor.DRIFT: types.Channel(type=Drift),
                }
            )
        )
