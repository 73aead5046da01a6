"""The DAG, the same for every runner."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

from tfx import v1 as tfx
from tfx.dsl.components.base.base_node import BaseNode

from components import (
    DecoderPusher,
    DecoderTrainer,
    FeatureExtractor,
    LatentEvaluator,
    SchemaImport,
    SpanDrift,
    StrictExampleValidator,
)
from components.decoder_pusher.component import push_to
from components.schema_import.schema import make_schema, statistics_features
from data_prep.config import PrepConfig
from pipeline.config.pipeline import PipelineConfig
from pipeline.dag.code_version import code_version, udf_path
from pipeline.dag.evaluation_config import check_names, evaluation_settings
from pipeline.dag.example_nodes import data_node, data_shape
from pipeline.dag.tuner_node import SearchNode, search_node
from trainer.config import CHECKPOINT_ROOT, CODE_VERSION, OVERRIDES, SETTINGS, TrainerConfig
from trainer.data.training_inputs import check_condition
from trainer.hyperparameters import Value
from trainer.preprocessing import preprocessing_fn
from trainer.run_fn import run_fn
from trainer.tuning.config import check_named, check_tuner


@dataclasses.dataclass(frozen=True, kw_only=True)
class RuntimeParameters:
    """What may be given when a run starts instead of when the graph is built.

    A tfx RuntimeParameter each, or None: as the config says.
    """

    data_input: Any = None  # the folder of the raw files, or the prepared directory
    beta: Any = None
    latent_dim: Any = None
    epochs: Any = None
    push_destination: Any = None  # a directory


FIXED = RuntimeParameters()


def create_pipeline(
    config: PipelineConfig,
    *,
    root: str,
    inputs: Sequence[str],
    options: PrepConfig | None,
    beam_args: Sequence[str] = (),
    metadata_connection_config: Any = None,
    open_values: RuntimeParameters = FIXED,
    compare: bool = True,
) -> tfx.dsl.Pipeline:
    """Prepare (or import), check, transform, tune (where wanted), train, evaluate, push.

    Args:
      config: what to run.
      root: holds everything the run leaves behind, as the nodes' processes see it.
      inputs: globs of the raw files, or the one prepared directory; absolute.
      options: of the preparation; None where the data is prepared.
      beam_args: for the nodes that run on Beam. They enter the cache keys.
      metadata_connection_config: where the runner needs one.
      open_values: what the runner leaves open until a run starts.
      compare: with the latest blessed model. Not every runner can find it.
    """
    shape, image = data_shape(options, inputs)
    settings = config.trainer_settings(image)
    # Refused now, not after the nodes before the trainer.
    check_condition(settings, labels=shape.labels, attributes=shape.attributes > 0)
    check_tuner(config.tuner, settings)
    check_named(config.tuner, labels=shape.labels, attributes=shape.attributes)
    check_names(config.evaluation, options, inputs)
    schema = make_schema(shape)

    data_input = open_values.data_input
    data, examples = data_node(config, options, inputs, data_input, root)
    statistics = _statistics(examples, statistics_features(schema))
    import_schema = SchemaImport(schema=schema).with_id("ImportSchemaGen")
    validator = StrictExampleValidator(
        statistics=statistics.outputs["statistics"], schema=import_schema.outputs["schema"]
    )
    transform = _transform(settings, examples, import_schema.outputs["schema"])
    # Training waits for the validation, whose failure ends the run.
    transform.add_upstream_node(validator)
    blessed = _latest_blessed() if compare else None
    baseline = blessed.outputs["model"] if blessed else None
    start = baseline if settings.train.warm_start else None
    search = search_node(config.tuner, settings, examples, transform, os.path.join(root, "trials"))
    checkpoints = os.path.join(root, "checkpoints")
    trainer = _trainer(
        settings,
        examples,
        transform,
        start,
        checkpoints,
        search,
        config.tuner.overrides.given(),
        open_values,
    )
    drift = _drift(config, examples, baseline)
    extractor = FeatureExtractor(
        examples=examples,
        config=config.evaluation.extractor,
        code_version=code_version("components.feature_extractor.component"),
    )
    extractor.add_upstream_node(validator)
    evaluator = LatentEvaluator(
        examples=examples,
        model=trainer.outputs["model"],
        baseline_model=baseline,
        extractor=extractor.outputs["extractor"],
        model_run=trainer.outputs["model_run"],
        trials=search.trials if search else None,
        drift=drift.outputs["drift"] if drift else None,
        config=evaluation_settings(config, inputs, fixed=data_input is None),
        code_version=code_version("components.latent_evaluator.executor"),
    )
    pusher = DecoderPusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        attribute_vectors=evaluator.outputs["attribute_vectors"],
        code_version=code_version("components.decoder_pusher.component"),
        push_destination=open_values.push_destination or push_to(serving_directory(root)),
    ).with_id("Pusher")
    return tfx.dsl.Pipeline(
        pipeline_name=config.name,
        pipeline_root=os.path.join(root, "artifacts"),
        components=[
            data,
            statistics,
            import_schema,
            validator.with_id("ExampleValidator"),
            transform,
            *([blessed] if blessed else []),
            *([search.node] if search else []),
            trainer,
            *([drift] if drift else []),
            extractor,
            evaluator,
            pusher,
        ],
        enable_cache=True,
        metadata_connection_config=metadata_connection_config,
        beam_pipeline_args=list(beam_args),
    )


def serving_directory(root: str) -> str:
    """Where a run pushes to unless told otherwise."""
    return os.path.join(root, "serving")


def _statistics(examples: Any, names: list[str]) -> BaseNode:
    # It loads only once tfx has put a stub where a module of tfx_bsl has gone.
    from tensorflow_data_validation import StatsOptions

    return tfx.components.StatisticsGen(
        examples=examples, stats_options=StatsOptions(feature_allowlist=names)
    )


def _transform(settings: TrainerConfig, examples: Any, schema: Any) -> BaseNode:
    return tfx.components.Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn=udf_path(preprocessing_fn),
        materialize=False,
        disable_statistics=True,
        disable_analyzer_cache=True,
        # Only what shapes the graph: another beta must not transform again.
        custom_config={
            SETTINGS: TrainerConfig(labels=settings.labels).to_json(),
            CODE_VERSION: code_version(preprocessing_fn.__module__),
        },
    )


def _drift(config: PipelineConfig, examples: Any, baseline: Any) -> BaseNode | None:
    """None for data without spans, or where the runner finds no blessed model."""
    if baseline is None or not config.data.has_spans:
        return None
    return SpanDrift(
        examples=examples,
        baseline_model=baseline,
        config=config.drift,
        code_version=code_version("components.span_drift.executor"),
    )


def _latest_blessed() -> BaseNode:
    return tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestBlessedModelStrategy,
        model=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
        model_blessing=tfx.dsl.Channel(type=tfx.types.standard_artifacts.ModelBlessing),
    ).with_id("LatestBlessedModel")


def _trainer(
    settings: TrainerConfig,
    examples: Any,
    transform: BaseNode,
    start: Any,
    checkpoints: str,
    search: SearchNode | None,
    overrides: dict[str, Value],
    open_values: RuntimeParameters,
) -> BaseNode:
    return DecoderTrainer(
        run_fn=udf_path(run_fn),
        examples=examples,
        transform_graph=transform.outputs["transform_graph"],
        base_model=start,
        hyperparameters=search.best_hyperparameters if search else None,
        custom_config={
            SETTINGS: settings.to_json(),
            **({OVERRIDES: overrides} if search else {}),
            CODE_VERSION: code_version(run_fn.__module__, "components.decoder_trainer.overrides"),
            CHECKPOINT_ROOT: checkpoints,
        },
        beta=open_values.beta,
        latent_dim=open_values.latent_dim,
        epochs=open_values.epochs,
    ).with_id("Trainer")
