"""The evaluator as a node of the DAG."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.artifacts import Drift, Evaluation, Extractor, LatentVectors, Trials
from components.configured_node import ConfiguredSpec
from components.latent_evaluator import executor
from components.latent_evaluator.config import EvaluationConfig


class LatentEvaluatorSpec(ConfiguredSpec):
    """Inputs, outputs and properties of `LatentEvaluator`."""

    PARAMETERS = {  # noqa: RUF012
        **ConfiguredSpec.PARAMETERS,
        executor.REGISTRY: ExecutionParameter(type=str),
    }
    INPUTS = {  # noqa: RUF012
        executor.EXAMPLES: ChannelParameter(type=standard_artifacts.Examples),
        executor.MODEL: ChannelParameter(type=standard_artifacts.Model),
        executor.BASELINE_MODEL: ChannelParameter(type=standard_artifacts.Model, optional=True),
        executor.EXTRACTOR: ChannelParameter(type=Extractor, optional=True),
        executor.MODEL_RUN: ChannelParameter(type=standard_artifacts.ModelRun, optional=True),
        executor.TRIALS: ChannelParameter(type=Trials, optional=True),
        executor.DRIFT: ChannelParameter(type=Drift, optional=True),
    }
    OUTPUTS = {  # noqa: RUF012
        executor.ATTRIBUTE_VECTORS: ChannelParameter(type=LatentVectors),
        executor.EVALUATION: ChannelParameter(type=Evaluation),
        executor.BLESSING: ChannelParameter(type=standard_artifacts.ModelBlessing),
    }


class LatentEvaluator(base_beam_component.BaseBeamComponent):
    """Measures a model on one split, estimates its attribute vectors, judges and draws it.

    The blessed model before it and the champion are measured again in the same run, on the same
    images with the same noise; numbers of older runs are never compared.
    """

    SPEC_CLASS = LatentEvaluatorSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        model: types.BaseChannel,
        config: EvaluationConfig,
        code_version: str,
        registry: str = "",
        baseline_model: types.BaseChannel | None = None,
        extractor: types.BaseChannel | None = None,
        model_run: types.BaseChannel | None = None,
        trials: types.BaseChannel | None = None,
        drift: types.BaseChannel | None = None,
    ) -> None:
        """
        Args:
          examples: a prepared data set, its manifest included.
          model: with the decoder as serving model and the full model for the evaluator.
          config: the measurements, and the thresholds.
          code_version: changes whenever the code that evaluates does.
          registry: the directory of the registry of blessed models, in which a blessing is entered
            and the champion is found; empty: there is none.
          baseline_model: the latest blessed model, if there is one.
          extractor: the output of `FeatureExtractor`; None: nothing is measured by features.
          model_run: of the model's training, whose curves the report shows.
          trials: of the search that chose its hyper-parameters, for the report.
          drift: the output of `SpanDrift`; beyond its thresholds no model is blessed.
        """
        super().__init__(
            spec=LatentEvaluatorSpec(
                config=config,
                code_version=code_version,
                registry=registry,
                examples=examples,
                model=model,
                baseline_model=baseline_model,
                extractor=extractor,
                model_run=model_run,
                trials=trials,
                drift=drift,
            )
        )
