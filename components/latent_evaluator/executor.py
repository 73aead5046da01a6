"""Runs the evaluation of a model and writes what came out."""

from __future__ import annotations

import io
import json
import math
import os
import pickle
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
from tfx import types
from tfx.components.evaluator import constants
from tfx.components.evaluator import executor as stock
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils

from components.latent_evaluator import blessing as judgement
from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.contact_sheet import model_sheet
from components.latent_evaluator.scoring import Scoring, condition_of, describe, read_records
from components.latent_evaluator.tally import Tally, metrics
from data_prep.errors import InputError
from data_prep.manifest import read_manifest
from data_prep.settings import parse
from trainer.hparams import WITHOUT_PRIOR, ImageShape

EXAMPLES, MODEL, BASELINE_MODEL = "examples", "model", "baseline_model"
EVALUATION, BLESSING = "evaluation", "blessing"
CONFIG, CODE_VERSION = "config", "code_version"
SAMPLE_ROWS = 3


class Executor(stock.Executor):
    """Measures, judges, draws. See `components.artifacts.Evaluation` for what is written.

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
        baselines = input_dict.get(BASELINE_MODEL) or []
        baseline = baselines[0] if baselines else None

        manifest = read_manifest(examples.uri)
        image = ImageShape(
            height=manifest.image.height,
            width=manifest.image.width,
            channels=manifest.image.channels,
        )
        scoring = Scoring(
            files=_shards(examples, config.split),
            image=image,
            seed=config.seed,
            images_per_label=config.images_per_label,
        )
        names = {"label": manifest.labels, "attributes": manifest.attributes}
        note = _why_not_compared(model, baseline, image, names)
        models = {"candidate": model} if note else {"candidate": model, "baseline": baseline}
        tallies = self._score(scoring, {name: _full(each) for name, each in models.items()})
        if not tallies["candidate"].sums:
            raise InputError(f"evaluation.split: the {config.split} split has no images")
        measured = {
            name: metrics(tally, **_likelihood(describe(_full(models[name]))))
            for name, tally in tallies.items()
        }
        verdict = judgement.judge(measured["candidate"], config, measured.get("baseline"), note)

        evaluation = artifact_utils.get_single_instance(output_dict[EVALUATION])
        _write_json(
            os.path.join(evaluation.uri, "metrics.json"),
            {"split": config.split, "seed": config.seed, "baseline": None, **measured},
        )
        _write_json(
            os.path.join(evaluation.uri, "blessing.json"),
            {"blessed": verdict.blessed, "reasons": list(verdict.reasons)},
        )
        sheet = _draw(tallies["candidate"], measured["candidate"], verdict, model, scoring, config)
        with fileio.open(os.path.join(evaluation.uri, "contact_sheet.png"), "wb") as file:
            file.write(sheet)
        _bless(artifact_utils.get_single_instance(output_dict[BLESSING]), verdict, model, baseline)

    def _score(self, scoring: Scoring, models: dict[str, str]) -> dict[str, Tally]:
        """A tally for each model directory, all in one Beam job."""
        folder = self._get_tmp_dir()
        paths = {name: os.path.join(folder, f"{name}.pickle") for name in models}
        fileio.makedirs(folder)
        with self._make_beam_pipeline() as pipeline:
            for name, directory in models.items():
                tally = pipeline | f"Score[{name}]" >> scoring.of(directory)
                _ = tally | f"Write[{name}]" >> beam.Map(_write_pickle, paths[name])
        return {name: _read_pickle(path) for name, path in paths.items()}


def _shards(examples: types.Artifact, split: str) -> tuple[str, ...]:
    directory = artifact_utils.get_split_uri([examples], split)
    return tuple(sorted(tf.io.gfile.glob(os.path.join(directory, "*.gz"))))


def _full(model: types.Artifact) -> str:
    return path_utils.eval_model_path(model.uri)


def _why_not_compared(
    model: types.Artifact,
    baseline: types.Artifact | None,
    image: ImageShape,
    names: dict[str, tuple[str, ...]],
) -> str:
    """Why a comparison with the baseline would mean nothing; "" where it means something."""
    if baseline is None:
        return judgement.NO_BASELINE
    if baseline.id == model.id:
        return judgement.SAME_MODEL
    if not fileio.exists(_full(baseline)):
        return f"the blessed model is gone from {baseline.uri}: not compared"
    new, old = describe(_full(model)), describe(_full(baseline))
    shape = ImageShape(**old["image"])
    if shape != image:
        return (
            f"the blessed model makes images of {shape.as_tuple}, the data has {image.as_tuple}: "
            "not compared"
        )
    if new["reconstruction"] != old["reconstruction"]:
        return (
            f"the blessed model has a {old['reconstruction']} likelihood, this one "
            f"{new['reconstruction']}: not compared"
        )
    if (new["family"] in WITHOUT_PRIOR) != (old["family"] in WITHOUT_PRIOR):
        return (
            f"the blessed model is of the family {old['family']}, this one {new['family']}, and "
            "only one of them has an ELBO: not compared"
        )
    condition = old.get("condition")
    if condition and tuple(condition["names"]) != tuple(names[condition["kind"]]):
        return (
            f"the blessed model is told {condition['kind']} of other names than the data has: "
            "not compared"
        )
    return ""


def _likelihood(description: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `metrics`."""
    return {
        "likelihood": description["reconstruction"],
        "sigma": description["sigma"] or 1.0,
        "posterior": description["family"] not in WITHOUT_PRIOR,
    }


def _draw(
    tally: Tally,
    measured: dict[str, Any],
    verdict: judgement.Verdict,
    model: types.Artifact,
    scoring: Scoring,
    config: EvaluationConfig,
) -> bytes:
    rows = [
        (label, np.stack([real for _, real, _ in shown]), np.stack([made for _, _, made in shown]))
        for label, shown in sorted(tally.gallery.items())
    ]
    count = SAMPLE_ROWS * max(len(real) for _, real, _ in rows)
    decoder = tf.saved_model.load(path_utils.serving_model_path(model.uri))
    description = describe(_full(model))
    given = {"count": tf.constant(count), "seed": tf.constant(config.seed, tf.int64)}
    condition = _sample_condition(description, scoring, count)
    if condition is not None:
        given["condition"] = tf.constant(condition)
    samples = decoder.signatures["sample"](**given)["image"].numpy()
    family = description["family"].upper().replace("_", "-")
    title = (
        f"{family}, {description['latent_dim']} latent dimensions: "
        f"{'blessed' if verdict.blessed else 'not blessed'}"
    )
    caption = (
        f"{measured['count']:,} {config.split} images   ·   "
        f"{_cost(measured)}   ·   PSNR {measured['psnr']:.1f} dB "
        f"(mean image {measured['mean_image']['psnr']:.1f})   ·   "
        f"{measured['active_units']} of {measured['latent_dim']} dimensions in use"
    )
    pixels = np.rint(np.nan_to_num(samples).clip(0, 1) * 255).astype(np.uint8)
    buffer = io.BytesIO()
    model_sheet(rows, pixels, title, caption).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _sample_condition(
    description: dict[str, Any], scoring: Scoring, count: int
) -> np.ndarray | None:
    """Each label in turn, or the attributes of images of the split: float32 [count, names]."""
    condition = description.get("condition")
    if condition is None:
        return None
    if condition["kind"] == "label":
        names = len(condition["names"])
        return np.eye(names, dtype=np.float32)[np.arange(count) % names]
    shards = (batch for path in scoring.files for batch in read_records(path))
    known = condition_of(description, next(shards))
    assert known is not None
    return known[np.arange(count) % len(known)]


def _cost(measured: dict[str, Any]) -> str:
    if measured["elbo"] is None:
        return f"reconstruction {measured['reconstruction_loss']:.1f} nats, no KL"
    return f"ELBO {measured['elbo']:.1f} nats"


def _bless(
    blessing: types.Artifact,
    verdict: judgement.Verdict,
    model: types.Artifact,
    baseline: types.Artifact | None,
) -> None:
    """Marks the artifact as tfx.components.Evaluator does, so Resolver and Pusher know it."""
    blessing.set_string_custom_property(
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri
    )
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
    if baseline is not None:
        blessing.set_string_custom_property(
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, baseline.uri
        )
        blessing.set_int_custom_property(
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, baseline.id
        )
    name = constants.BLESSED_FILE_NAME if verdict.blessed else constants.NOT_BLESSED_FILE_NAME
    value = constants.BLESSED_VALUE if verdict.blessed else constants.NOT_BLESSED_VALUE
    text = "\n".join(verdict.reasons) + "\n"
    io_utils.write_string_file(os.path.join(blessing.uri, name), text)
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, value)


def _write_json(path: str, value: dict[str, Any]) -> None:
    text = json.dumps(_finite(value), indent=2, sort_keys=True, allow_nan=False)
    io_utils.write_string_file(path, text + "\n")


def _finite(value: Any) -> Any:
    """JSON knows no NaN: null stands for it."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _write_pickle(tally: Tally, path: str) -> None:
    with fileio.open(path, "wb") as file:
        file.write(pickle.dumps(tally))


def _read_pickle(path: str) -> Tally:
    with fileio.open(path, "rb") as file:
        return pickle.loads(file.read())
