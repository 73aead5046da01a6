"""Runs the evaluation of a model and writes what came out."""

from __future__ import annotations

import json
import os
import pickle
from typing import Any

import apache_beam as beam
from tfx import types
from tfx.components.evaluator import executor as stock
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.artifacts import split_files
from components.latent_evaluator import blessing as judgement
from components.latent_evaluator.baseline import (
    fingerprint,
    interval_of_difference,
    search_copies,
    why_not_compared,
)
from components.latent_evaluator.config import ATTRIBUTE_FACTORS, EvaluationConfig
from components.latent_evaluator.metrics.factors import read_factors
from components.latent_evaluator.metrics.model_metrics import (
    EvaluationContext,
    ModelEvaluation,
    measure,
    records_of,
)
from components.latent_evaluator.outputs import bless, draw_sheet, write_json
from components.latent_evaluator.passes.beam import LatentMoments, Scoring
from components.latent_evaluator.passes.moments import Moments
from components.latent_evaluator.passes.tally import ScoreAccumulator
from components.latent_evaluator.report.collect import gather
from components.latent_evaluator.report.page import FILE as REPORT
from components.latent_evaluator.report.page import write_report
from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from components.latent_evaluator.vectors.estimate import estimate_vectors
from components.latent_evaluator.vectors.source_mode import write_source_tables
from components.span_drift.drift import read_drift
from data_prep.config_base import parse
from data_prep.errors import InputError
from data_prep.manifest import Manifest, manifest_sha256, read_manifest
from trainer.config import ImageShape
from trainer.data.records import membership, read_records
from trainer.export.loaded import LoadedDecoder, LoadedModel
from trainer.measures.feature_network import FeatureNetwork

EXAMPLES, MODEL, BASELINE_MODEL, EXTRACTOR = "examples", "model", "baseline_model", "extractor"
MODEL_RUN, TRIALS, DRIFT = "model_run", "trials", "drift"
ATTRIBUTE_VECTORS, EVALUATION, BLESSING = "attribute_vectors", "evaluation", "blessing"
CONFIG, CODE_VERSION = "config", "code_version"


class Executor(stock.Executor):
    """Measures, judges, draws. See `components.artifacts` for what is written.

    It derives from TFX's evaluator for its name alone: the container's entry point turns a
    blessing's model id into the managed metadata's name of that model only for subclasses of it,
    and by this name the resolver of the latest blessed model finds it.
    """

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        self._log_startup(input_dict, output_dict, exec_properties)
        config = parse(EvaluationConfig, json.loads(exec_properties[CONFIG]), "evaluation")
        examples = artifact_utils.get_single_instance(input_dict[EXAMPLES])
        model = artifact_utils.get_single_instance(input_dict[MODEL])
        baseline = next(iter(input_dict.get(BASELINE_MODEL) or []), None)
        extractor = next(iter(input_dict.get(EXTRACTOR) or []), None)
        model_run = next(iter(input_dict.get(MODEL_RUN) or []), None)
        trials = next(iter(input_dict.get(TRIALS) or []), None)
        moved = next(iter(input_dict.get(DRIFT) or []), None)
        drift = read_drift(moved.uri) if moved else None

        manifest = read_manifest(examples.uri)
        config.check_names(manifest.attributes, manifest.labels)
        image = ImageShape(
            height=manifest.image.height,
            width=manifest.image.width,
            channels=manifest.image.channels,
        )
        scoring = Scoring(
            files=split_files(examples, config.split),
            image=image,
            seed=config.seed,
            images_per_label=config.images_per_label,
            max_images=config.max_images,
        )
        latents = LatentMoments(
            files=split_files(examples, config.vectors_split),
            image=image,
            attributes=manifest.attributes,
            labels=manifest.labels,
        )
        names = {"label": manifest.labels, "attributes": manifest.attributes}
        note = why_not_compared(model, baseline, image, names)
        models = {"candidate": model} if note else {"candidate": model, "baseline": baseline}
        tallies, moments = self._pass(
            scoring,
            latents,
            {name: path_utils.eval_model_path(each.uri) for name, each in models.items()},
        )
        if not tallies["candidate"].sums:
            raise InputError(f"evaluation.split: the {config.split} split has no images")
        known = EvaluationContext(
            config=config,
            attributes=manifest.attributes,
            extractor=FeatureNetwork(extractor.uri) if extractor else None,
            factors=_factors(config),
        )
        measured = {
            name: measure(
                tallies[name],
                LoadedModel(path_utils.eval_model_path(each.uri)),
                LoadedDecoder(path_utils.serving_model_path(each.uri)),
                known,
            )
            for name, each in models.items()
        }
        training = read_records(latents.files, image.as_tuple, limit=config.train_images)
        search_copies(measured, training, config)
        found = {name: each.metrics for name, each in measured.items()}
        difference = interval_of_difference(measured, known.draws)
        verdict = judgement.judge(
            found["candidate"], config, found.get("baseline"), note, difference, drift
        )
        vectors = _vectors(moments, measured["candidate"], known, manifest, model, examples)

        directory = artifact_utils.get_single_instance(output_dict[ATTRIBUTE_VECTORS]).uri
        vectors.save(directory)
        write_source_tables(directory, path_utils.eval_model_path(model.uri), latents, config)
        evaluation = artifact_utils.get_single_instance(output_dict[EVALUATION])
        write_json(
            os.path.join(evaluation.uri, "metrics.json"),
            {
                "split": config.split,
                "seed": config.seed,
                "extractor": known.extractor.facts if known.extractor else None,
                "baseline": None,
                "difference": difference,
                **found,
            },
        )
        write_json(
            os.path.join(evaluation.uri, "blessing.json"),
            {"blessed": verdict.blessed, "reasons": list(verdict.reasons)},
        )
        sheet = draw_sheet(tallies["candidate"], measured["candidate"], verdict, model, config)
        with fileio.open(os.path.join(evaluation.uri, "contact_sheet.png"), "wb") as file:
            file.write(sheet)
        write_report(
            os.path.join(evaluation.uri, REPORT),
            gather(
                manifest=manifest,
                config=config,
                decoder=path_utils.serving_model_path(model.uri),
                measured=measured,
                vectors=vectors,
                verdict=verdict,
                extractor=known.extractor.facts if known.extractor else None,
                model_run=model_run.uri if model_run else None,
                trials=trials.uri if trials else None,
                drift=drift,
                files=scoring.files,
            ),
        )
        bless(artifact_utils.get_single_instance(output_dict[BLESSING]), verdict, model, baseline)

    def _pass(
        self, scoring: Scoring, latents: LatentMoments, models: dict[str, str]
    ) -> tuple[dict[str, ScoreAccumulator], Moments | None]:
        """A tally of each model directory, and the candidate's moments, all in one Beam job."""
        folder = self._get_tmp_dir()
        fileio.makedirs(folder)
        paths = {name: os.path.join(folder, f"{name}.pickle") for name in (*models, "moments")}
        with self._make_beam_pipeline() as pipeline:
            found = {
                name: pipeline | f"Score[{name}]" >> scoring.of(directory)
                for name, directory in models.items()
            }
            if latents.attributes or latents.labels:
                found["moments"] = pipeline | "Latents" >> latents.of(models["candidate"])
            for name, each in found.items():
                _ = each | f"Write[{name}]" >> beam.Map(_write_pickle, paths[name])
        tallies = {name: _read_pickle(paths[name]) for name in models}
        return tallies, _read_pickle(paths["moments"]) if "moments" in found else None


def _factors(config: EvaluationConfig) -> dict[bytes, tuple[str, ...]] | None:
    if not config.factors or config.factors == ATTRIBUTE_FACTORS:
        return None
    return read_factors(config.factors)


def _vectors(
    moments: Moments | None,
    measured: ModelEvaluation,
    known: EvaluationContext,
    manifest: Manifest,
    model: types.Artifact,
    examples: types.Artifact,
) -> AttributeVectors:
    config, kept = known.config, measured.kept
    records = records_of(kept)
    return estimate_vectors(
        moments,
        kept["z_mean"],
        membership(records, manifest.attributes, manifest.labels),
        known.draws.counts(len(records.keys)),
        attributes=manifest.attributes,
        labels=manifest.labels,
        orthogonalise=config.orthogonalise,
        facts={
            "split": config.vectors_split,
            "held_out": config.split,
            "model": fingerprint(path_utils.eval_model_path(model.uri)),
            "data": manifest_sha256(examples.uri),
        },
    )


def _write_pickle(value: Any, path: str) -> None:
    with fileio.open(path, "wb") as file:
        file.write(pickle.dumps(value))


def _read_pickle(path: str) -> Any:
    """What this very run wrote to its own temporary folder."""
    with fileio.open(path, "rb") as file:
        return pickle.loads(file.read())
