"""The evaluator against models whose faults are known, through real SavedModels and Beam."""

import dataclasses
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tfx.components.evaluator import constants
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
    LatestBlessedModelStrategy,
)
from tfx.types import standard_artifacts

from components.blessed_models.registry import BlessingRegistry
from components.latent_evaluator.blessing import NO_BASELINE, SAME_MODEL
from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.catalogue import METRICS
from components.latent_evaluator.metrics.registry import Measurement, Row, at_least, metric
from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from data_prep.errors import InputError
from data_prep.features import ImageSpec
from data_prep.manifest import Manifest
from trainer.data.records import noise_for

SIDE, LATENT, IMAGES = 8, 3, 40
PIXELS = SIDE * SIDE
LABELS = ("cat", "dog")
SMALL = {"images_per_label": 4, "samples": 20, "resamples": 20, "projections": 4, "iw_samples": 2}
CONFIG = EvaluationConfig(min_active_units=2, max_unexplained=0.5, max_gain_lost=0.05, **SMALL)


class Model(tf.Module):
    """Reads its latents off the first pixels; `fault` decides what is wrong with it."""

    def __init__(self, fault, worse):
        super().__init__()
        self.fault, self.worse = fault, worse
        self.training = tf.constant(pictures("train").reshape(-1, SIDE, SIDE, 1) / 255, "float32")

    def pixels(self, image):
        return (
            tf.cast(tf.reshape(tf.io.decode_raw(image, tf.uint8), [-1, SIDE, SIDE, 1]), "float32")
            / 255
        )

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image")])
    def encode(self, image):
        z = self.pixels(image)[:, 0, :LATENT, 0]
        z = tf.zeros_like(z) if self.fault == "collapsed" else z
        return {"z_mean": z, "z_log_var": tf.zeros_like(z)}

    def made(self, image):
        x = self.pixels(image)
        if self.fault in ("constant", "collapsed"):
            return tf.zeros_like(x) + tf.reduce_mean(x, axis=0, keepdims=True)
        if self.fault == "random":
            return tf.random.stateless_uniform(tf.shape(x), [1, 2])
        if self.fault == "nan":
            return x * float("nan")
        return x * 0.8 + 0.1

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image")])
    def reconstruct(self, image):
        made = self.made(image)
        nothing = tf.reduce_sum(made * 0, [1, 2, 3])
        return {"image": made, "reconstruction_loss": nothing, "kl_loss": nothing}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "image"),
            tf.TensorSpec([None, LATENT], tf.float32, "noise"),
        ]
    )
    def score(self, image, noise):
        error = tf.reduce_sum((self.made(image) - self.pixels(image)) ** 2, [1, 2, 3])
        loss = 10 + error + self.worse + tf.reduce_mean(noise, 1)
        made = {"image": self.made(image), "reconstruction_loss": loss}
        return {**made, **self.encode(image), "kl_loss": tf.ones_like(loss)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "image"),
            tf.TensorSpec([None, LATENT], tf.float32, "z"),
        ]
    )
    def log_likelihood(self, image, z):
        error = tf.reduce_sum((self.made(image) - self.pixels(image)) ** 2, [1, 2, 3])
        return {"log_likelihood": -error - tf.reduce_sum(z * 0, 1)}

    @tf.function(
        input_signature=[tf.TensorSpec([], tf.int32, "count"), tf.TensorSpec([], tf.int64, "seed")]
    )
    def sample(self, count, seed):
        if self.fault == "memorised":
            return {"image": tf.gather(self.training, tf.range(count) % len(self.training))}
        return {"image": tf.random.stateless_uniform([count, SIDE, SIDE, 1], [seed, 0])}

    @tf.function(input_signature=[tf.TensorSpec([None, LATENT], tf.float32, "z")])
    def decode(self, z):
        return {"image": tf.ones([1, SIDE, SIDE, 1]) * tf.sigmoid(z[:, :1, None, None])}


def write_model(directory, fault="", worse=0.0, **description):
    model = Model(fault, worse)
    names = ("encode", "reconstruct", "score", "log_likelihood")
    signatures = {name: getattr(model, name) for name in names}
    for folder, named in (
        ("Format-TFMA", signatures),
        ("Format-Serving", {"sample": model.sample, "decode": model.decode}),
    ):
        path = os.path.join(directory, folder)
        tf.saved_model.save(model, path, signatures=named)
        os.makedirs(os.path.join(path, "assets.extra"))
        facts = {
            "family": "vae",
            "latent_dim": LATENT,
            "beta": 1.0,
            "reconstruction": "gaussian",
            "sigma": 1.0,
            "implied_sigma": 1.0,
            "condition": None,
            "image": {"height": SIDE, "width": SIDE, "channels": 1},
        }
        with open(os.path.join(path, "assets.extra", "model.json"), "w") as file:
            json.dump(facts | description, file)
    return str(directory)


def pictures(split):
    """Uniform noise, uint8 [IMAGES, PIXELS]."""
    return np.random.default_rng([split == "train"]).integers(0, 256, (IMAGES, PIXELS), np.uint8)


def write_examples(directory, shards=2, labels=LABELS, attributes=()):
    """`IMAGES` images of noise in two splits, written as the preparation would. The attributes
    say whether a latent is in the brighter half."""
    for split in ("train", "test"):
        folder = os.path.join(directory, f"Split-{split}")
        os.makedirs(folder)
        images = pictures(split)
        for shard in range(shards):
            path = os.path.join(folder, f"examples-{shard:05}-of-{shards:05}.gz")
            with tf.io.TFRecordWriter(path, "GZIP") as writer:
                for index in range(shard, IMAGES, shards):
                    values = {"key": str(index).encode(), "image": images[index].tobytes()}
                    if labels:
                        values["label"] = labels[index % len(labels)].encode()
                    features = {
                        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                        for name, value in values.items()
                    }
                    if attributes:
                        bright = (images[index, : len(attributes)] > 127).astype(int)
                        features["attributes"] = tf.train.Feature(
                            int64_list=tf.train.Int64List(value=bright)
                        )
                    example = tf.train.Example(features=tf.train.Features(feature=features))
                    writer.write(example.SerializeToString())
    manifest = Manifest(
        image=ImageSpec(SIDE, SIDE, 1, "white"),
        labels=tuple(labels),
        attributes=tuple(attributes),
        counts={},
        rejects={},
        positives={},
        shards=(),
        source={"name": "test"},
        options={},
        code_version="",
    )
    with open(os.path.join(directory, "manifest.json"), "w") as file:
        file.write(manifest.to_json())
    return str(directory)


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    return write_examples(tmp_path_factory.mktemp("examples"))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Directory of each kind of model, by fault."""
    root = tmp_path_factory.mktemp("models")
    found = {
        fault: write_model(root / (fault or "good"), fault)
        for fault in ("", "constant", "collapsed", "random", "nan", "memorised")
    }
    found["worse"] = write_model(root / "worse", worse=4.0)
    found["bernoulli"] = write_model(
        root / "bernoulli", reconstruction="bernoulli", sigma=None, implied_sigma=None
    )
    found["small"] = write_model(root / "small", image={"height": 16, "width": 16, "channels": 1})
    return found


class Told(Model):
    """Makes of every image what it is told: a black one of a cat, a white one of a dog."""

    def of(self, condition):
        return tf.tile(tf.reshape(condition[:, 1], [-1, 1, 1, 1]), [1, SIDE, SIDE, 1])

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "image"),
            tf.TensorSpec([None, 2], tf.float32, "condition"),
        ]
    )
    def encode(self, image, condition):
        return {"z_mean": self.pixels(image)[:, 0, :LATENT, 0] + condition[:, :1] * 0}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "image"),
            tf.TensorSpec([None, 2], tf.float32, "condition"),
        ]
    )
    def reconstruct(self, image, condition):
        loss = tf.reduce_sum((self.of(condition) - self.pixels(image)) ** 2, [1, 2, 3])
        return {"image": self.of(condition), "reconstruction_loss": loss}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "image"),
            tf.TensorSpec([None, 2], tf.float32, "condition"),
        ]
    )
    def score(self, image, condition):
        return {**self.encode(image, condition), **self.reconstruct(image, condition)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([], tf.int32, "count"),
            tf.TensorSpec([], tf.int64, "seed"),
            tf.TensorSpec([None, 2], tf.float32, "condition"),
        ]
    )
    def sample(self, count, seed, condition):
        return {"image": self.of(condition)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, LATENT], tf.float32, "z"),
            tf.TensorSpec([None, 2], tf.float32, "condition"),
        ]
    )
    def decode(self, z, condition):
        return {"image": self.of(condition)}


def write_told(directory):
    """A conditional autoencoder: no posterior, hence no signature `elbo`."""
    model = Told("", 0.0)
    facts = {
        "family": "ae",
        "latent_dim": LATENT,
        "beta": None,
        "reconstruction": "gaussian",
        "sigma": 1.0,
        "implied_sigma": None,
        "condition": {"kind": "label", "names": list(LABELS)},
        "image": {"height": SIDE, "width": SIDE, "channels": 1},
    }
    for folder, named in (
        ("Format-TFMA", {"encode": model.encode, "score": model.score}),
        ("Format-Serving", {"sample": model.sample, "decode": model.decode}),
    ):
        path = os.path.join(directory, folder)
        tf.saved_model.save(model, path, signatures=named)
        os.makedirs(os.path.join(path, "assets.extra"))
        with open(os.path.join(path, "assets.extra", "model.json"), "w") as file:
            json.dump(facts, file)
    return str(directory)


@pytest.fixture(scope="module")
def run(evaluate):
    def run(folder, examples, model, baseline=None, config=CONFIG, baseline_id=2, registry=""):
        return evaluate(folder, examples, model, config, baseline, baseline_id, registry=registry)

    return run


@pytest.fixture(scope="module")
def good(run, examples, models, tmp_path_factory):
    """The evaluation of a good model that is the first one."""
    return run(tmp_path_factory.mktemp("good"), examples, models[""])


@pytest.fixture(scope="module")
def constant(run, examples, models, tmp_path_factory):
    return run(tmp_path_factory.mktemp("constant"), examples, models["constant"])


def test_a_good_model_is_measured_blessed_and_drawn(good):
    outcome = good
    found = outcome.read("metrics.json")
    assert found["split"] == "test" and found["baseline"] is None
    candidate = found["candidate"]
    assert candidate["count"] == IMAGES
    assert {name: each["count"] for name, each in candidate["labels"].items()} == {
        "cat": IMAGES // 2,
        "dog": IMAGES // 2,
    }
    # it makes 0.8 x + 0.1: an error of 0.2 (x - 1/2), and x is uniform over the bytes
    levels = np.arange(256) / 255
    assert candidate["mse"] == pytest.approx(0.04 * ((levels - 0.5) ** 2).mean(), rel=0.05)
    assert candidate["unexplained"] == pytest.approx(0.04, rel=0.05)
    assert candidate["active_units"] == LATENT
    noise = np.mean([noise_for(str(i).encode(), 0, LATENT).mean() for i in range(IMAGES)])
    assert candidate["elbo"] == pytest.approx(-(11 + PIXELS * candidate["mse"] + noise), abs=1e-4)
    # training images have the same keys, hence the same noise: the gap is that of their errors
    errors = [((pictures(split) / 255 - 0.5) ** 2).sum() for split in ("test", "train")]
    gap = 0.04 * (errors[0] - errors[1]) / IMAGES
    assert candidate["train_gap_nats"] == pytest.approx(gap, abs=1e-4)
    cost = -candidate["elbo"] - gap
    gain = candidate["mean_image"]["reconstruction_loss"] - cost
    assert candidate["train_gap"] == pytest.approx(gap / gain, abs=1e-4)
    low, high = candidate["nearer_training_interval"]
    assert low < 0.5 < high and low < candidate["nearer_training"] < high
    assert outcome.reasons[-1] == NO_BASELINE
    assert os.path.isfile(os.path.join(outcome.blessing.uri, constants.BLESSED_FILE_NAME))
    with open(os.path.join(outcome.evaluation.uri, "contact_sheet.png"), "rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"


def test_the_resolver_finds_what_was_blessed_and_only_that(good, constant, models):
    good, bad = good.blessing, constant.blessing
    assert good.get_int_custom_property("blessed") == 1
    assert good.get_int_custom_property("current_model_id") == 1
    assert good.get_string_custom_property("current_model") == models[""]
    bad.set_int_custom_property("current_model_id", 7)
    known = [standard_artifacts.Model(), standard_artifacts.Model()]
    known[0].id, known[1].id = 1, 7
    found = LatestBlessedModelStrategy().resolve_artifacts(
        None, {"model": known, "model_blessing": [good, bad]}
    )
    assert [model.id for model in found["model"]] == [1]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("constant", "of a constant mean image's error"),
        ("collapsed", "posterior collapse: 0 of 3 latent dimensions are in use (at least 2)"),
        ("random", "of a constant mean image's error"),
        ("nan", "not finite: bits_per_dim, elbo, gain, iw_gain, iw_log_likelihood, mse"),
        (
            "memorised",
            "100.0% of 20 samples are copies of training images, of held-out images 0.0%: "
            "77.2% to 100.0% more (surely more than 5.0% is too many)",
        ),
    ],
)
def test_a_broken_model_is_refused_in_words(run, tmp_path, examples, models, fault, words):
    outcome = run(tmp_path, examples, models[fault])
    assert outcome.blessing.get_int_custom_property("blessed") == 0
    assert os.listdir(outcome.blessing.uri) == [constants.NOT_BLESSED_FILE_NAME]
    assert any(words in reason for reason in outcome.reasons)
    assert outcome.read("blessing.json")["blessed"] is False


def test_a_model_that_got_worse_is_refused_on_the_same_images_and_noise(
    run, tmp_path, examples, models
):
    outcome = run(tmp_path, examples, models["worse"], baseline=models[""])
    found = outcome.read("metrics.json")
    # the same noise: the difference is the 4 nats it was made worse by
    assert found["baseline"]["elbo"] - found["candidate"]["elbo"] == pytest.approx(4, abs=1e-4)
    assert outcome.blessing.get_int_custom_property("blessed") == 0
    assert outcome.blessing.get_int_custom_property("baseline_model_id") == 2
    assert found["baseline"]["gain"] - found["candidate"]["gain"] == pytest.approx(4, abs=1e-4)
    (words,) = [reason for reason in outcome.reasons if "gain over" in reason]
    assert "worse, with 95% confidence at most" in words and words.endswith("(allowed: 5.0%)")


def test_a_baseline_that_is_the_candidate_is_named_and_not_measured(
    run, tmp_path, examples, models
):
    outcome = run(tmp_path, examples, models[""], baseline=models[""], baseline_id=1)
    assert outcome.read("metrics.json")["baseline"] is None
    assert outcome.reasons[-1] == SAME_MODEL


@pytest.mark.parametrize(
    ("baseline", "words"),
    [("small", "makes images of (16, 16, 1)")],
)
def test_a_baseline_of_another_kind_is_not_compared(
    run, tmp_path, examples, models, baseline, words
):
    outcome = run(tmp_path, examples, models[""], baseline=models[baseline])
    assert outcome.blessing.get_int_custom_property("blessed") == 1
    assert words in outcome.reasons[-1]


def test_a_baseline_whose_files_are_gone_is_not_compared(run, tmp_path, examples, models):
    outcome = run(tmp_path, examples, models[""], baseline=str(tmp_path / "deleted"))
    assert outcome.blessing.get_int_custom_property("blessed") == 1
    assert "is gone from" in outcome.reasons[-1]


def test_numbers_and_picture_do_not_depend_on_the_shards(run, good, tmp_path, models):
    single = write_examples(tmp_path / "single", shards=1)
    one, other = good, run(tmp_path / "other", single, models[""])
    for name in ("elbo", "mse", "unexplained", "active_units"):
        assert one.read("metrics.json")["candidate"][name] == pytest.approx(
            other.read("metrics.json")["candidate"][name], rel=1e-6
        )
    sheets = [Path(outcome.evaluation.uri, "contact_sheet.png") for outcome in (one, other)]
    assert sheets[0].read_bytes() == sheets[1].read_bytes()


def test_a_conditional_autoencoder_is_told_the_label_and_has_no_elbo(
    run, tmp_path, examples, models
):
    told = write_told(tmp_path / "told")
    config = EvaluationConfig(max_unexplained=1.0, **SMALL)
    # it is compared with another autoencoder on the reconstruction loss
    outcome = run(tmp_path / "out", examples, told, baseline=told, config=config)
    candidate = outcome.read("metrics.json")["candidate"]
    assert (candidate["elbo"], candidate["kl_loss"], candidate["bits_per_dim"]) == (None,) * 3
    # cats are all black to it, dogs all white: each image's own sum of squares away
    pixels = pictures("test") / 255
    errors = (pixels - (np.arange(IMAGES) % 2)[:, None]) ** 2
    assert candidate["mse"] == pytest.approx(errors.mean(), rel=1e-5)
    assert candidate["reconstruction_loss"] == pytest.approx(errors.sum(1).mean(), rel=1e-5)
    trained = (pictures("train") / 255 - (np.arange(IMAGES) % 2)[:, None]) ** 2
    gap = errors.sum(1).mean() - trained.sum(1).mean()
    assert candidate["train_gap_nats"] == pytest.approx(gap, abs=1e-3)
    assert not outcome.read("blessing.json")["blessed"]  # such images explain nothing
    assert "of a constant mean image's error" in outcome.reasons[0]
    vae = run(tmp_path / "vae", examples, models[""], baseline=told)
    assert "only one of them has an ELBO: not compared" in vae.reasons[-1]


def test_data_without_labels(run, tmp_path, models):
    data = write_examples(tmp_path / "data", labels=())
    found = run(tmp_path / "out", data, models[""]).read("metrics.json")["candidate"]
    assert found["labels"] == {} and found["count"] == IMAGES


def test_an_empty_split_is_wrong_input(run, tmp_path, examples, models):
    os.makedirs(os.path.join(examples, "Split-eval"), exist_ok=True)
    config = EvaluationConfig(split="eval", **SMALL)
    with pytest.raises(InputError, match=r"evaluation\.split: the eval split has no images"):
        run(tmp_path, examples, models[""], config=config)


def test_attribute_vectors_are_plain_numpys_and_tested_on_the_other_split(run, tmp_path, models):
    names = ("first_bright", "second_bright")
    data = write_examples(tmp_path / "data", shards=3, attributes=names)
    config = dataclasses.replace(CONFIG, orthogonalise={"first_bright": ("second_bright",)})
    outcome = run(tmp_path / "out", data, models[""], config=config)
    found = AttributeVectors.load(outcome.vectors.uri)
    assert found.names == (*names, *LABELS)
    assert found.kinds == ("attribute", "attribute", "label", "label")
    assert (found.split, found.held_out) == ("train", "test")
    codes = pictures("train")[:, :LATENT].astype(np.float32) / 255
    bright = pictures("train")[:, :2] > 127
    for index in range(2):
        has, lacks = codes[bright[:, index]], codes[~bright[:, index]]
        np.testing.assert_allclose(found.vectors[index], has.mean(0) - lacks.mean(0), atol=1e-6)
        error = np.sqrt(has.var(0, ddof=1) / len(has) + lacks.var(0, ddof=1) / len(lacks))
        np.testing.assert_allclose(found.standard_error[index], error, rtol=1e-5)
        assert found.positive[index] == len(has) and found.negative[index] == len(lacks)
    # the latent itself decides the attribute: projecting on its vector must find it
    assert found.auc[0] > 0.9 and found.auc_low[0] <= found.auc[0] <= found.auc_high[0]
    assert found.accuracy[0] > 0.8
    assert abs(found.auc[2] - 0.5) < 0.25  # labels mean nothing here
    removed, left = found.orthogonalised["first_bright"]
    assert removed == ("second_bright",)
    assert left @ found.vectors[1] == pytest.approx(0, abs=1e-6)
    single = write_examples(tmp_path / "single", shards=1, attributes=names)
    other = run(tmp_path / "other", single, models[""], config=config)
    again = AttributeVectors.load(other.vectors.uri)
    np.testing.assert_allclose(again.vectors, found.vectors, atol=1e-6)
    np.testing.assert_allclose(again.auc, found.auc, atol=1e-6)
    assert again.model == found.model


def test_names_that_the_data_has_not_are_wrong_input(run, tmp_path, examples, models):
    config = dataclasses.replace(CONFIG, orthogonalise={"Blond_Hair": ("Male",)})
    words = r"evaluation\.orthogonalise\.Blond_Hair: got 'Blond_Hair', allowed: cat, dog"
    with pytest.raises(InputError, match=words):
        run(tmp_path, examples, models[""], config=config)


def test_an_equal_model_is_blessed(run, tmp_path, examples, models):
    outcome = run(tmp_path, examples, models[""], baseline=models[""])
    found = outcome.read("metrics.json")
    assert outcome.read("blessing.json")["blessed"]
    assert found["candidate"] == found["baseline"]
    assert "0.0% better, with 95% confidence at most 0.0% worse" in " ".join(outcome.reasons)


def test_a_model_of_an_earlier_version_is_not_compared(run, tmp_path, examples, models):
    old = write_model(tmp_path / "old")
    model = Model("", 0.0)
    tf.saved_model.save(
        model, os.path.join(old, "Format-TFMA"), signatures={"encode": model.encode}
    )
    outcome = run(tmp_path / "out", examples, models[""], baseline=old)
    assert outcome.blessing.get_int_custom_property("blessed") == 1
    assert "earlier version of the trainer" in outcome.reasons[-1]


def test_many_small_steps_down_are_not_blessed(run, tmp_path, examples, models):
    """Each of three models costs 2 nats of some 50 more than the one before: within the margin."""
    registry = BlessingRegistry(str(tmp_path / "blessed"))
    steps = [models[""], *(write_model(tmp_path / str(n), worse=n) for n in (2.0, 4.0))]
    outcomes = []
    for number, model in enumerate(steps):
        before = steps[number - 1] if number else None
        outcome = run(
            tmp_path / f"out-{number}", examples, model, before, registry=registry.directory
        )
        outcomes.append(outcome)
    assert [each.read("blessing.json")["blessed"] for each in outcomes] == [True, True, False]
    (words,) = outcomes[2].reasons
    assert "the champion's 5" in words and "the last blessed model" not in words
    measured = outcomes[2].read("metrics.json")
    costs = [measured[name]["elbo"] for name in ("champion", "baseline", "candidate")]
    assert costs[0] - costs[1] == pytest.approx(2, abs=1e-3)
    assert costs[1] - costs[2] == pytest.approx(2, abs=1e-3)
    first, second = registry.all()
    assert (first.uri, first.champion, first.compared_with) == (models[""], True, {})
    assert (second.uri, second.champion) == (steps[1], False)
    assert second.compared_with == {"baseline": models[""], "champion": models[""]}
    assert outcomes[1].read("metrics.json")["champion"] is None  # it is the baseline
    # A better one is the next champion, and the last blessed one where no resolver finds it.
    better = write_model(tmp_path / "better", worse=-3.0)
    outcome = run(tmp_path / "out", examples, better, registry=registry.directory)
    assert outcome.read("blessing.json")["blessed"] and registry.champion().uri == better
    assert registry.latest().compared_with == {"baseline": steps[1], "champion": models[""]}
    assert outcome.read("metrics.json")["baseline"]["elbo"] == pytest.approx(costs[1], abs=1e-4)


def test_a_pinned_champion_stays_and_one_that_is_gone_is_named(run, tmp_path, examples, models):
    registry = str(tmp_path / "blessed")
    config = dataclasses.replace(CONFIG, champion=models[""])
    worse = run(tmp_path / "1", examples, models["worse"], config=config, registry=registry)
    assert not worse.read("blessing.json")["blessed"] and "the champion's" in worse.reasons[0]
    assert BlessingRegistry(registry).all() == []
    better = write_model(tmp_path / "better", worse=-3.0)
    assert run(tmp_path / "2", examples, better, config=config, registry=registry).reasons
    (record,) = BlessingRegistry(registry).all()
    assert record.uri == better and not record.champion
    registry = str(tmp_path / "other")
    first = write_model(tmp_path / "first")
    run(tmp_path / "3", examples, first, registry=registry)
    shutil.rmtree(first)
    outcome = run(tmp_path / "4", examples, models["worse"], registry=registry)
    words = "the last blessed model and champion is gone from"
    assert any(reason.startswith(words) for reason in outcome.reasons)
    assert BlessingRegistry(registry).champion().uri == models["worse"]


@pytest.fixture
def toy_metric():
    """A metric with a row in the report and a threshold, registered for one test."""

    @metric(
        "mean_first_code",
        Row(title="mean first code", form=".3f", unit="z", words="a toy", better="high"),
        group="Toys",
        threshold=at_least(2.0, "the mean first code is {value:.2f}, not {limit:g}"),
    )
    def mean_first_code(model):
        return Measurement(
            float(model.z_mean[:, 0].mean()), model.mean_interval(model.z_mean[:, 0])
        )

    yield
    del METRICS["mean_first_code"]


def test_a_declared_metric_reaches_the_file_the_report_and_the_verdict(
    run, tmp_path, examples, models, toy_metric
):
    outcome = run(tmp_path, examples, models[""])
    candidate = outcome.read("metrics.json")["candidate"]
    mean = pictures("test")[:, 0].mean() / 255
    assert candidate["mean_first_code"] == pytest.approx(mean, abs=1e-6)
    low, high = candidate["mean_first_code_interval"]
    assert low < mean < high
    assert outcome.reasons == [f"the mean first code is {mean:.2f}, not 2"]
    report = Path(outcome.evaluation.uri, "report.html").read_text()
    assert '<th scope="rowgroup" colspan="3">Toys</th>' in report
    assert "mean first code, z <small>a toy</small>" in report
    assert f"<td>{mean:.3f}<small>{low:.3f} to {high:.3f}</small></td>" in report


def test_noise_is_standard_normal_and_a_function_of_key_and_seed():
    noise = np.stack([noise_for(str(i).encode(), 5, 16) for i in range(2000)])
    assert noise.dtype == np.float32
    assert abs(noise.mean()) < 0.02 and abs(noise.std() - 1) < 0.02
    assert np.array_equal(noise_for(b"a", 1, 4), noise_for(b"a", 1, 4))
    assert not np.array_equal(noise_for(b"a", 1, 4), noise_for(b"a", 2, 4))
    assert not np.array_equal(noise_for(b"a", 1, 4), noise_for(b"b", 1, 4))
