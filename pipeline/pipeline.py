"""The DAG, the same for every runner."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from tfx import v1 as tfx
from tfx.dsl.components.base.base_node import BaseNode
from tfx.types.artifact_utils import encode_split_names

from components import (
    DecoderPusher,
    ExamplePreparation,
    FeatureExtractor,
    LatentEvaluator,
    StrictExampleValidator,
)
from components.example_schema import (
    DataShape,
    make_schema,
    statistics_features,
    write_schema,
)
from data_prep.manifest import manifest_sha256, read_manifest
from data_prep.options import PrepOptions
from data_prep.source import ImageSpec
from data_prep.sources import open_source
from pipeline.code_version import code_version
from pipeline.config import PipelineConfig
from pipeline.evaluation_settings import check_names, evaluation_settings
from trainer.hparams import (
    CHECKPOINT_ROOT,
    CODE_VERSION,
    SETTINGS,
    ImageShape,
    TrainerSettings,
)
from trainer.inputs import check_condition
from trainer.preprocessing import preprocessing_fn
from trainer.run_fn import run_fn

MANIFEST_SHA256 = "manifest_sha256"


def create_pipeline(
    config: PipelineConfig,
    *,
    root: str,
    inputs: Sequence[str],
    options: PrepOptions | None,
    beam_args: Sequence[str] = (),
    metadata_connection_config: Any = None,
) -> tfx.dsl.Pipeline:
    """Prepare (or import), check, transform, train, evaluate, push.

    Args:
      config: what to run.
      root: holds everything the run leaves behind, as the nodes' processes see it.
      inputs: globs of the raw files, or the one prepared directory; absolute.
      options: of the preparation; None where the data is prepared.
      beam_args: for the nodes that run on Beam. They enter the cache keys.
      metadata_connection_config: where the runner needs one.
    """
    shape, image = _raw_shape(options, inputs) if options else _prepared_shape(inputs[0])
    settings = config.trainer_settings(image)
    # Refused now, not after the nodes before the trainer.
    check_condition(settings, labels=shape.labels, attributes=shape.attributes > 0)
    check_names(config.evaluation, options, inputs)
    schema = make_schema(shape)

    data = _prepare(options, inputs) if options else _import(inputs[0])
    examples = data.outputs["examples" if options else "result"]
    statistics = _statistics(examples, statistics_features(schema))
    import_schema = tfx.components.ImportSchemaGen(
        schema_file=write_schema(schema, os.path.join(root, "schemas"))
    )
    validator = StrictExampleValidator(
        statistics=statistics.outputs["statistics"], schema=import_schema.outputs["schema"]
    )
    transform = _transform(settings, examples, import_schema.outputs["schema"])
    # Training waits for the validation, whose failure ends the run.
    transform.add_upstream_node(validator)
    blessed = tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestBlessedModelStrategy,
        model=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
        model_blessing=tfx.dsl.Channel(type=tfx.types.standard_artifacts.ModelBlessing),
    ).with_id("LatestBlessedModel")
    start = blessed.outputs["model"] if settings.train.warm_start else None
    checkpoints = os.path.join(root, "checkpoints")
    trainer = _trainer(settings, examples, transform, start, checkpoints)
    extractor = FeatureExtractor(
        examples=examples,
        config=config.evaluation.extractor,
        code_version=code_version("components.feature_extractor"),
    )
    extractor.add_upstream_node(validator)
    evaluator = LatentEvaluator(
        examples=examples,
        model=trainer.outputs["model"],
        baseline_model=blessed.outputs["model"],
        extractor=extractor.outputs["extractor"],
        model_run=trainer.outputs["model_run"],
        config=evaluation_settings(config, inputs),
        code_version=code_version("components.latent_evaluator.executor"),
    )
    pusher = DecoderPusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        attribute_vectors=evaluator.outputs["attribute_vectors"],
        code_version=code_version("components.decoder_pusher"),
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(
                base_directory=os.path.join(root, "serving")
            )
        ),
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
            blessed,
            trainer,
            extractor,
            evaluator,
            pusher,
        ],
        enable_cache=True,
        metadata_connection_config=metadata_connection_config,
        beam_pipeline_args=list(beam_args),
    )


def udf_path(function: Callable[..., Any]) -> str:
    """The dotted path by which TFX finds a user function again."""
    return f"{function.__module__}.{function.__qualname__}"


def _prepared_shape(directory: str) -> tuple[DataShape, ImageShape]:
    manifest = read_manifest(directory)
    shape = DataShape(
        labels=bool(manifest.labels), attributes=len(manifest.attributes), extras=manifest.extras
    )
    return shape, _image_shape(manifest.image)


def _raw_shape(options: PrepOptions, inputs: Sequence[str]) -> tuple[DataShape, ImageShape]:
    """What the preparation will make of the inputs, known before it runs."""
    _, source = open_source(options, inputs)
    shape = DataShape(
        labels=source.labelled, attributes=len(source.attributes), extras=source.extras
    )
    return shape, _image_shape(source.image)


def _image_shape(image: ImageSpec) -> ImageShape:
    return ImageShape(height=image.height, width=image.width, channels=image.channels)


def _import(directory: str) -> BaseNode:
    manifest = read_manifest(directory)
    return tfx.dsl.Importer(
        source_uri=directory,
        artifact_type=tfx.types.standard_artifacts.Examples,
        properties={"split_names": encode_split_names(list(manifest.counts["by_split"]))},
        custom_properties={
            MANIFEST_SHA256: manifest_sha256(directory),
            "payload_format": "FORMAT_TF_EXAMPLE",
            "file_format": "tfrecords_gzip",
        },
    ).with_id("PreparedExamples")


def _prepare(options: PrepOptions, inputs: Sequence[str]) -> BaseNode:
    return ExamplePreparation(
        inputs=inputs,
        options=options,
        code_version=code_version("components.example_preparation.executor"),
    )


def _statistics(examples: Any, names: list[str]) -> BaseNode:
    # It loads only once tfx has put a stub where a module of tfx_bsl has gone.
    from tensorflow_data_validation import StatsOptions

    return tfx.components.StatisticsGen(
        examples=examples, stats_options=StatsOptions(feature_allowlist=names)
    )


def _transform(settings: TrainerSettings, examples: Any, schema: Any) -> BaseNode:
    return tfx.components.Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn=udf_path(preprocessing_fn),
        materialize=False,
        disable_statistics=True,
        disable_analyzer_cache=True,
        # Only what shapes the graph: another beta must not transform again.
        custom_config={
            SETTINGS: TrainerSettings(labels=settings.labels).to_json(),
            CODE_VERSION: code_version(preprocessing_fn.__module__),
        },
    )


def _trainer(
    settings: TrainerSettings, examples: Any, transform: BaseNode, start: Any, checkpoints: str
) -> BaseNode:
    return tfx.components.Trainer(
        run_fn=udf_path(run_fn),
        examples=examples,
        transform_graph=transform.outputs["transform_graph"],
        base_model=start,
        custom_config={
            SETTINGS: settings.to_json(),
            CODE_VERSION: code_version(run_fn.__module__),
            CHECKPOINT_ROOT: checkpoints,
        },
    )
