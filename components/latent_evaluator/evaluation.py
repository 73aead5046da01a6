"""The evaluation of a model, from prepared data and SavedModels to a verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import apache_beam as beam

from components.file_tree import tree_sha256
from components.latent_evaluator.baseline import ModelLocation, why_not_compared
from components.latent_evaluator.blessing import (
    BLESSED_MODEL,
    CHAMPION,
    NO_BASELINE,
    SAME_CHAMPION,
    SAME_MODEL,
    Verdict,
    is_better,
    judge,
)
from components.latent_evaluator.config import ATTRIBUTE_FACTORS, EvaluationConfig
from components.latent_evaluator.metrics.catalogue import measure
from components.latent_evaluator.metrics.context import (
    EvaluatedModel,
    EvaluationContext,
    records_of,
)
from components.latent_evaluator.metrics.factors import read_factor_table
from components.latent_evaluator.metrics.memorisation import TrainingSearch
from components.latent_evaluator.metrics.thresholds import Judged
from components.latent_evaluator.passes.beam import LatentMoments, Scoring, run_passes
from components.latent_evaluator.passes.score_accumulator import BottomKSample, record_columns
from components.latent_evaluator.passes.scoring import costs
from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from components.latent_evaluator.vectors.estimate import estimate_vectors
from components.span_drift.drift import DriftReport
from data_prep.errors import InputError
from data_prep.manifest import Manifest
from trainer.config import ImageShape
from trainer.data.records import membership, read_records
from trainer.export.loaded import LoadedDecoder, LoadedModel
from trainer.measures.feature_network import FeatureNetwork

CANDIDATE, BASELINE, BEST = "candidate", "baseline", "champion"  # in metrics.json
TITLES = {BASELINE: BLESSED_MODEL, BEST: CHAMPION}
MOST_SCORED = 2000  # training images that are scored: held-out ones are as many or more


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluationInputs:
    """Everything that an evaluation reads.

    manifest, manifest_sha256: of the data.
    files, vector_files: shards of the splits that are measured, and that vectors come from.
    candidate: the model in question. baseline, champion: the latest blessed one, and the champion,
      where there are any.
    extractor: directory of the extractor; None: nothing is measured by features.
    model_run: directory that the training left its history in.
    trials: directory of the search that chose the hyper-parameters.
    drift: the drift of the newest span of the data.
    """

    config: EvaluationConfig
    manifest: Manifest
    manifest_sha256: str
    files: tuple[str, ...]
    vector_files: tuple[str, ...]
    candidate: ModelLocation
    baseline: ModelLocation | None = None
    champion: ModelLocation | None = None
    extractor: str | None = None
    model_run: str | None = None
    trials: str | None = None
    drift: DriftReport | None = None

    @property
    def image(self) -> ImageShape:
        image = self.manifest.image
        return ImageShape(height=image.height, width=image.width, channels=image.channels)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The outcome of an evaluation.

    models: the measured models, CANDIDATE and, where they are compared, BASELINE and BEST, which is
      measured for itself only where it is another model than BASELINE.
    leads: whether the candidate would be the champion: it is better than that beyond noise, or
      there is none that it can be compared with.
    """

    inputs: EvaluationInputs
    context: EvaluationContext
    models: dict[str, EvaluatedModel]
    vectors: AttributeVectors
    verdict: Verdict
    leads: bool

    @property
    def candidate(self) -> EvaluatedModel:
        return self.models[CANDIDATE]

    @property
    def baseline(self) -> EvaluatedModel | None:
        return self.models.get(BASELINE)


def evaluate(
    inputs: EvaluationInputs, make_pipeline: Callable[[], beam.Pipeline], folder: str
) -> Evaluation:
    """Measures the candidate, and the baseline beside it, and judges the candidate.

    Args:
      make_pipeline: returns an empty Beam pipeline.
      folder: a temporary one for the job's results.

    Raises:
      InputError: where the config does not fit the data.
    """
    config, manifest = inputs.config, inputs.manifest
    config.check_names(manifest.attributes, manifest.labels)
    others, notes = _comparable(inputs)
    locations = {CANDIDATE: inputs.candidate, **others}
    scoring = Scoring(
        files=inputs.files,
        image=inputs.image,
        seed=config.seed,
        images_per_label=config.images_per_label,
        max_images=config.max_images,
    )
    latents = LatentMoments(
        files=inputs.vector_files,
        image=inputs.image,
        attributes=manifest.attributes,
        labels=manifest.labels,
    )
    directories = {name: location.full_model for name, location in locations.items()}
    accumulators, moments = run_passes(make_pipeline, folder, scoring, latents, directories)
    if not accumulators[CANDIDATE].sums:
        raise InputError(f"evaluation.split: the {config.split} split has no images")
    named_factors = config.factors and config.factors != ATTRIBUTE_FACTORS
    context = EvaluationContext(
        config=config,
        attributes=manifest.attributes,
        extractor=FeatureNetwork(inputs.extractor) if inputs.extractor else None,
        factors=read_factor_table(config.factors) if named_factors else None,
    )
    models = {
        name: EvaluatedModel.sampled(
            context,
            accumulators[name],
            LoadedModel(location.full_model),
            LoadedDecoder(location.decoder),
        )
        for name, location in locations.items()
    }
    _measure(inputs, models)
    candidate = models[CANDIDATE]
    judged = {name: _judged(inputs, name, model) for name, model in models.items()}
    vectors = estimate_vectors(
        moments,
        candidate.z_mean,
        membership(candidate.records, manifest.attributes, manifest.labels),
        attributes=manifest.attributes,
        labels=manifest.labels,
        orthogonalise=config.orthogonalise,
        provenance={
            "split": config.vectors_split,
            "held_out": config.split,
            "model": tree_sha256(inputs.candidate.full_model),
            "data": inputs.manifest_sha256,
        },
    )
    best = judged.get(BEST) or (judged.get(BASELINE) if _one_model(inputs) else None)
    itself = inputs.champion is not None and inputs.champion.uri == inputs.candidate.uri
    return Evaluation(
        inputs=inputs,
        context=context,
        models=models,
        vectors=vectors,
        verdict=judge(
            judged[CANDIDATE], [judged[name] for name in others], notes, drift=inputs.drift
        ),
        leads=itself or best is None or is_better(judged[CANDIDATE], best),
    )


def _comparable(inputs: EvaluationInputs) -> tuple[dict[str, ModelLocation], list[str]]:
    """Returns the models to compare the candidate with, by name, and why others are left out."""
    found, notes = {}, []
    baseline, champion, candidate = inputs.baseline, inputs.champion, inputs.candidate
    if baseline is None and champion is None:
        return {}, [NO_BASELINE]
    for name, other in ((BASELINE, baseline), (BEST, champion)):
        if other is None or (name == BEST and _one_model(inputs)):
            continue
        if other.uri == candidate.uri and (name == BEST or other.id == candidate.id):
            notes.append(SAME_MODEL if name == BASELINE else SAME_CHAMPION)
            continue
        title = _title(inputs, name)
        why = why_not_compared(candidate, other, title, inputs.image, inputs.manifest)
        if why:
            notes.append(why)
        else:
            found[name] = other
    return found, notes


def _one_model(inputs: EvaluationInputs) -> bool:
    """Returns true where the champion is the last blessed model."""
    baseline, champion = inputs.baseline, inputs.champion
    return baseline is not None and champion is not None and baseline.uri == champion.uri


def _judged(inputs: EvaluationInputs, name: str, model: EvaluatedModel) -> Judged:
    title = _title(inputs, name)
    return Judged(metrics=model.metrics, config=inputs.config, draws=model.draws, title=title)


def _title(inputs: EvaluationInputs, name: str) -> str:
    """Returns what a model is called in the sentences of the verdict."""
    both = name == BASELINE and _one_model(inputs)
    return f"{BLESSED_MODEL} and champion" if both else TITLES.get(name, "this model")


def _measure(inputs: EvaluationInputs, models: dict[str, EvaluatedModel]) -> None:
    """Fills in the metrics of all models; reads the training images once for all of them."""
    config, held_out = inputs.config, models[CANDIDATE].images
    search = TrainingSearch([model.samples for model in models.values()], held_out)
    sample = BottomKSample(min(MOST_SCORED, len(held_out)))
    batches = read_records(inputs.vector_files, inputs.image.as_tuple, limit=config.train_images)
    for batch in batches:
        search.add(batch.images)
        sample.add(batch.keys, record_columns(batch))
    scored = sample.columns()
    for model, neighbours in zip(models.values(), search.results(config.seed), strict=True):
        model.neighbours = neighbours
        if scored:
            model.train_nats = costs(model.model, records_of(scored), config.seed)
        model.metrics = measure(model)
