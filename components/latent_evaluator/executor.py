"""The evaluator's executor: resolves artifacts, and leaves the rest to `evaluate`."""

from __future__ import annotations

from typing import Any

from tfx.components.evaluator import executor as stock
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact

from components.artifacts import Artifacts, split_files
from components.blessed_models.champion import Champion, find_champion
from components.blessed_models.registry import (
    BlessedModel,
    BlessingRegistry,
    learned_spans,
    now,
)
from components.configured_node import read_config
from components.latent_evaluator.baseline import ModelLocation
from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.evaluation import Evaluation, EvaluationInputs, evaluate
from components.latent_evaluator.outputs import bless, write_evaluation
from components.span_drift.drift import read_drift
from data_prep.manifest import manifest_sha256, read_manifest

EXAMPLES, MODEL, BASELINE_MODEL, EXTRACTOR = "examples", "model", "baseline_model", "extractor"
MODEL_RUN, TRIALS, DRIFT = "model_run", "trials", "drift"
REGISTRY = "registry"
ATTRIBUTE_VECTORS, EVALUATION, BLESSING = "attribute_vectors", "evaluation", "blessing"


class Executor(stock.Executor):
    """The executor of `LatentEvaluator`; see `components.artifacts` for its outputs.

    It derives from TFX's evaluator for its name alone: the container's entry point turns a
    blessing's model id into the managed metadata's name of that model only for subclasses of it,
    and by this name the resolver of the latest blessed model finds it.
    """

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        self._log_startup(input_dict, output_dict, exec_properties)
        config = read_config(EvaluationConfig, exec_properties, "evaluation")
        registry = BlessingRegistry(exec_properties.get(REGISTRY) or "")
        inputs = {name: artifacts[0] for name, artifacts in input_dict.items() if artifacts}
        uris = {name: artifact.uri for name, artifact in inputs.items()}
        examples, model = inputs[EXAMPLES], inputs[MODEL]
        baseline = inputs.get(BASELINE_MODEL) or _last_blessed(registry)
        champion = find_champion(registry, config.champion)
        evaluation = evaluate(
            EvaluationInputs(
                config=config,
                manifest=read_manifest(examples.uri),
                manifest_sha256=manifest_sha256(examples.uri),
                files=split_files(examples, config.split),
                vector_files=split_files(examples, config.vectors_split),
                candidate=ModelLocation.of(model),
                baseline=ModelLocation.of(baseline) if baseline else None,
                champion=ModelLocation.at(champion.uri) if champion else None,
                extractor=uris.get(EXTRACTOR),
                model_run=uris.get(MODEL_RUN),
                trials=uris.get(TRIALS),
                drift=read_drift(uris[DRIFT]) if DRIFT in uris else None,
            ),
            self._make_beam_pipeline,
            self._get_tmp_dir(),
        )
        outputs = {name: artifact for name, (artifact,) in output_dict.items()}
        write_evaluation(evaluation, outputs[EVALUATION].uri, outputs[ATTRIBUTE_VECTORS].uri)
        bless(outputs[BLESSING], evaluation.verdict, model, baseline)
        if evaluation.verdict.blessed and registry.directory:
            registry.add(_record(evaluation, champion))


def _last_blessed(registry: BlessingRegistry) -> Artifact | None:
    """Returns the model of the last blessing, for runners that cannot resolve it."""
    last = registry.latest()
    if last is None:
        return None
    model = standard_artifacts.Model()
    model.uri, model.id = last.uri, last.id
    return model


def _record(evaluation: Evaluation, champion: Champion | None) -> BlessedModel:
    """Returns the entry of a blessed model. As long as a champion is pinned no other becomes it."""
    inputs = evaluation.inputs
    spans = learned_spans(inputs.candidate.uri) or ()
    newest = inputs.drift.measure_from if inputs.drift else spans[-1] if spans else None
    return BlessedModel(
        time=now(),
        uri=inputs.candidate.uri,
        id=inputs.candidate.id,
        sha256=evaluation.vectors.model,
        manifest_sha256=inputs.manifest_sha256,
        spans=spans,
        compared_with={
            name: location.uri
            for name, location in (("baseline", inputs.baseline), ("champion", inputs.champion))
            if location is not None
        },
        champion=evaluation.leads and not (champion and champion.pinned),
        reference_span=newest,
    )
