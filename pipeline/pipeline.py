"""The DAG, the same for every runner."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
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
from components.blessed_models.champion import find_champion
from components.blessed_models.registry import DIRECTORY as REGISTRY
from components.blessed_models.registry import BlessingRegistry
from components.decoder_pusher.component import push_to
from components.latent_evaluator.config import ATTRIBUTE_FACTORS, EvaluationConfig
from components.schema_import.schema import make_schema, statistics_features
from data_prep.config import PrepConfig
from data_prep.config_base import require
from pipeline.config.pipeline import PipelineConfig, check_against_data
from pipeline.dag.code_version import code_version, udf_path
from pipeline.dag.example_nodes import data_node, data_shape
from pipeline.dag.node_ids import LATEST_BLESSED_MODEL, TRAINER
from pipeline.dag.tuner_node import SearchNode, search_node
from trainer.config import CHECKPOINT_ROOT, CODE_VERSION, OVERRIDES, SETTINGS, TrainerConfig
from trainer.config.hyperparameters import RUNTIME
from trainer.data.shape import DataShape
from trainer.preprocessing import preprocessing_fn
from trainer.run_fn import run_fn


def create_pipeline(
    config: PipelineConfig,
    *,
    root: str,
    inputs: Sequence[str],
    prep_config: PrepConfig | None,
    beam_args: Sequence[str] = (),
    metadata_connection_config: Any = None,
    runtime: Mapping[str, Any] = MappingProxyType({}),
    compare: bool = True,
) -> tfx.dsl.Pipeline:
    """Builds the DAG: prepare (or import), validate, transform, tune (where configured), train,
    evaluate and push. InputError where the config does not fit the data.

    Args:
      root: the directory of everything that the run leaves behind, as the nodes' processes see it.
      inputs: globs of the raw files, or the one prepared directory; absolute.
      prep_config: of the preparation; None where the data is prepared.
      beam_args: of the nodes that run on Beam. They enter the cache keys.
      metadata_connection_config: for runners that need one.
      runtime: a tfx RuntimeParameter for each value that is left open until a run starts:
        data_input, the folder of the raw files or the prepared directory; push_destination, a
        directory; hyper-parameters of `trainer.config.hyperparameters.RUNTIME`.
      compare: with the latest blessed model, which not every runner can find.
    """
    shape = data_shape(prep_config, inputs)
    trainer_config = check_against_data(config, shape)

    data, examples = data_node(config, prep_config, inputs, runtime.get("data_input"), root)
    schema = SchemaImport(schema=make_schema(shape)).with_id("ImportSchemaGen")
    statistics = _statistics(examples, shape)
    validator = StrictExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    ).with_id("ExampleValidator")
    transform = _transform(trainer_config, examples, schema.outputs["schema"])
    # Training waits for the validation, whose failure ends the run.
    transform.add_upstream_node(validator)
    blessed = _latest_blessed() if compare else None
    baseline = blessed.outputs["model"] if blessed else None
    search = search_node(config.tuner, trainer_config, examples, transform, root)
    trainer = _trainer(config, trainer_config, examples, transform, search, baseline, root, runtime)
    registry = os.path.join(root, REGISTRY)
    evaluation = _evaluation_config(config, inputs, registry, fixed="data_input" not in runtime)
    drift = _drift(config, examples, baseline, registry, evaluation.champion)
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
        config=evaluation,
        code_version=code_version("components.latent_evaluator.executor"),
        registry=registry,
    )
    pusher = DecoderPusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        attribute_vectors=evaluator.outputs["attribute_vectors"],
        code_version=code_version("components.decoder_pusher.component"),
        push_destination=runtime.get("push_destination") or push_to(serving_directory(root)),
        registry=registry,
    ).with_id("Pusher")

    nodes = [data, statistics, schema, validator, transform, blessed, search and search.node]
    nodes += [trainer, drift, extractor, evaluator, pusher]
    return tfx.dsl.Pipeline(
        pipeline_name=config.name,
        pipeline_root=os.path.join(root, "artifacts"),
        components=[node for node in nodes if node is not None],
        enable_cache=True,
        metadata_connection_config=metadata_connection_config,
        beam_pipeline_args=list(beam_args),
    )


def serving_directory(root: str) -> str:
    """Returns the directory that a run pushes to by default."""
    return os.path.join(root, "serving")


def _statistics(examples: Any, shape: DataShape) -> BaseNode:
    # It loads only once tfx has put a stub where a module of tfx_bsl has gone.
    from tensorflow_data_validation import StatsOptions

    names = statistics_features(make_schema(shape))
    return tfx.components.StatisticsGen(
        examples=examples, stats_options=StatsOptions(feature_allowlist=names)
    )


def _transform(trainer_config: TrainerConfig, examples: Any, schema: Any) -> BaseNode:
    return tfx.components.Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn=udf_path(preprocessing_fn),
        materialize=False,
        disable_statistics=True,
        disable_analyzer_cache=True,
        # Only what shapes the graph: another beta must not transform again.
        custom_config={
            SETTINGS: TrainerConfig(labels=trainer_config.labels).to_json(),
            CODE_VERSION: code_version(preprocessing_fn.__module__),
        },
    )


def _latest_blessed() -> BaseNode:
    return tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestBlessedModelStrategy,
        model=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
        model_blessing=tfx.dsl.Channel(type=tfx.types.standard_artifacts.ModelBlessing),
    ).with_id(LATEST_BLESSED_MODEL)


def _trainer(
    config: PipelineConfig,
    trainer_config: TrainerConfig,
    examples: Any,
    transform: BaseNode,
    search: SearchNode | None,
    baseline: Any,
    root: str,
    runtime: Mapping[str, Any],
) -> BaseNode:
    overrides = {OVERRIDES: config.tuner.overrides.as_dict()} if search else {}
    modules = run_fn.__module__, "components.decoder_trainer.overrides"
    return DecoderTrainer(
        run_fn=udf_path(run_fn),
        examples=examples,
        transform_graph=transform.outputs["transform_graph"],
        base_model=baseline if config.train.warm_start else None,
        hyperparameters=search.best_hyperparameters if search else None,
        custom_config={
            SETTINGS: trainer_config.to_json(),
            **overrides,
            CODE_VERSION: code_version(*modules, by_name=True),
            CHECKPOINT_ROOT: os.path.join(root, "checkpoints"),
        },
        **{name: runtime[name] for name in RUNTIME if name in runtime},
    ).with_id(TRAINER)


def _drift(
    config: PipelineConfig, examples: Any, baseline: Any, registry: str, champion: str
) -> BaseNode | None:
    """Returns None for data without spans, or where the runner finds no blessed model."""
    if baseline is None or not config.data.has_spans:
        return None
    return SpanDrift(
        examples=examples,
        baseline_model=baseline,
        config=config.drift,
        code_version=code_version("components.span_drift.executor"),
        registry=registry,
        champion=champion,
    )


def _evaluation_config(
    config: PipelineConfig, inputs: Sequence[str], registry: str, *, fixed: bool
) -> EvaluationConfig:
    """Returns the evaluator's config with absolute paths of the pinned champion and of the file of
    known factors. Generated data comes with such a file, but a run on a cluster may read other
    inputs (`fixed` is False). InputError where one is not there."""
    factors, champion = config.evaluation.factors, config.evaluation.champion
    if champion and "://" not in champion:
        champion = os.path.abspath(champion)
        if fixed:  # else it lies where the nodes run
            find_champion(BlessingRegistry(registry), champion)
    source = config.data.generated_source
    if source and not factors and fixed:
        factors = source.generated_factors(os.path.dirname(inputs[0]))
    elif factors and factors != ATTRIBUTE_FACTORS and "://" not in factors:
        factors = os.path.abspath(factors)
        allowed = f"a CSV file that is there, or {ATTRIBUTE_FACTORS}"
        require(os.path.isfile(factors), "evaluation.factors", factors, allowed)
    return dataclasses.replace(config.evaluation, factors=factors, champion=champion)
