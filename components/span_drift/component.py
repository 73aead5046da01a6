"""The drift of a new span as a node of the DAG."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.artifacts import Drift
from components.configured_node import ConfiguredSpec
from components.span_drift import executor
from components.span_drift.config import DriftConfig


class SpanDriftSpec(ConfiguredSpec):
    """Inputs, outputs and properties of `SpanDrift`."""

    PARAMETERS = {  # noqa: RUF012
        **ConfiguredSpec.PARAMETERS,
        executor.REGISTRY: ExecutionParameter(type=str),
        executor.CHAMPION: ExecutionParameter(type=str),
    }
    INPUTS = {  # noqa: RUF012
        executor.EXAMPLES: ChannelParameter(type=standard_artifacts.Examples),
        executor.BASELINE_MODEL: ChannelParameter(type=standard_artifacts.Model, optional=True),
    }
    OUTPUTS = {executor.DRIFT: ChannelParameter(type=Drift)}  # noqa: RUF012


class SpanDrift(base_component.BaseComponent):
    """Compares the newest span with the last one that the latest blessed model was trained on, and
    with the reference span: the first there was, or the one accepted since.

    All are read again in this run, and the same encoder encodes them.
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
        registry: str = "",
        champion: str = "",
    ) -> None:
        """
        Args:
          examples: a window of prepared spans.
          baseline_model: the latest blessed model, if there is one.
          config: the thresholds.
          code_version: changes whenever the code that compares does.
          registry: the directory of the registry of blessed models; empty: there is none.
          champion: the model that the user pins; empty: the best so far.
        """
        super().__init__(
            spec=SpanDriftSpec(
                config=config,
                code_version=code_version,
                registry=registry,
                champion=champion,
                examples=examples,
                baseline_model=baseline_model,
            )
        )
