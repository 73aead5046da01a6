"""Known answers of the measures, and that beta cannot fool the default objective."""

import numpy as np
import pytest
import tensorflow as tf

from data_prep.config_base import parse
from data_prep.formats.quickdraw_binary import split_records
from data_prep.pixels.rasterize import rasterize
from data_prep.synthetic import drawings
from trainer.config import ImageShape, ModelConfig, TrainConfig, TrainerConfig
from trainer.data.dataset import from_arrays
from trainer.measures.auc import mean_auc
from trainer.training.compile import compiled
from trainer.tuning.config import TunerConfig
from trainer.tuning.objective import METRICS, STRIP, mean_of, measure, score

KNOWN = dict.fromkeys(METRICS) | {
    "val_loss": -99.0,
    "val_elbo": -50.0,
    "val_kl_loss": 12.0,
    "val_reconstruction_loss": 38.0,
    "relative_wasserstein": 0.5,
    "relative_error": 0.25,
    "mean_image_reconstruction_loss": 70.0,
    "attribute_auc": 0.9,
    "cfid": 3.0,
}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, 0.75),
        ({"reconstruction_weight": 2.0}, 1.0),
        ({"objective": "val_elbo"}, -50.0),
        ({"objective": "cfid"}, 3.0),
        ({"objective": "attribute_auc"}, 0.9),
        ({"objective": "distortion_at_rate", "rate": 12.0}, 38.0),
        ({"objective": "distortion_at_rate", "rate": 10.0}, 72.0),
    ],
)
def test_scores(config, expected):
    assert score(parse(TunerConfig, config), KNOWN) == pytest.approx(expected)


def test_an_objective_that_was_not_measured_is_no_score():
    with pytest.raises(ValueError, match="cfid, which cannot be measured"):
        score(TunerConfig(objective="cfid"), KNOWN | {"cfid": None})


class Stub:
    """Decodes every z to itself, seen as an image."""

    def __init__(self, reconstructions, samples):
        self.reconstructions = reconstructions.reshape(len(reconstructions), -1)
        self.samples = samples.reshape(len(samples), -1)
        self.shape = reconstructions.shape[1:]

    def evaluate(self, *args, **kwargs):
        return {"loss": 1.0, "kl_loss": 2.0, "unknown": 3.0}

    def scale(self, images):
        return tf.cast(images, tf.float32) / 255

    def condition_of(self, batch):
        return None

    def encode(self, pixels, condition):
        return tf.constant(self.reconstructions), None

    def from_prior(self, noise):
        return tf.constant(self.samples)

    def decode(self, z, condition):
        return tf.reshape(z, [-1, *self.shape])

    def reconstruction_nll(self, pixels, logits):
        return tf.reduce_sum(tf.abs(pixels - tf.sigmoid(logits)), axis=(1, 2, 3))


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (20, 4, 4, 1), np.uint8)


def measured(images, reconstructions, samples):
    return measure(
        Stub(reconstructions, samples),
        {"image": images},
        mean_of(images),
        TunerConfig(),
        batch_size=8,
    )


def test_a_mean_image_scores_one_and_a_perfect_model_zero(images):
    mean = np.broadcast_to(mean_of(images), images.shape).copy()
    found, strip = measured(images, mean, mean)
    assert set(found) == set(METRICS)
    assert found["relative_wasserstein"] == pytest.approx(1)
    assert found["relative_error"] == pytest.approx(1)
    assert found["mean_image_reconstruction_loss"] == pytest.approx(
        np.abs(images / 255 - mean).sum(axis=(1, 2, 3)).mean(), rel=1e-5
    )
    assert found["val_loss"] == 1 and found["val_kl_loss"] == 2 and found["val_elbo"] is None
    assert found["attribute_auc"] is None and found["cfid"] is None
    real = (images / 255).astype(np.float32)
    found, strip = measured(images, real, real[::-1])
    assert found["relative_error"] == pytest.approx(0, abs=1e-9)
    assert found["sliced_wasserstein"] == pytest.approx(0, abs=1e-6)
    assert strip.shape == (STRIP, 4, 4, 1)
    assert np.array_equal(strip, images[::-1][:STRIP])


def test_directions_that_tell_an_attribute():
    codes = np.random.default_rng(1).standard_normal((400, 3))
    told = codes[:, 1] > 0.3
    chance = np.random.default_rng(2).random(400) > 0.5
    rare = np.zeros(400, bool)
    rare[:3] = True
    assert mean_auc(codes, told[:, None]) > 0.97
    assert mean_auc(codes, chance[:, None]) == pytest.approx(0.5, abs=0.08)
    assert mean_auc(codes, np.stack([told, rare], axis=1)) == mean_auc(codes, told[:, None])
    assert mean_auc(codes, rare[:, None]) is None


def sample_drawings(folder, per_word):
    """Every word's drawings in turn, uint8 [words * per_word, 16, 16, 1]."""
    words = []
    for path in drawings.write_drawings(str(folder), per_word=per_word, seed=0):
        records = np.fromfile(path, np.uint8)
        offsets, _ = split_records(records)
        words.append(rasterize(records, offsets, 16, "official"))
    return np.stack(words, axis=1).reshape(-1, 16, 16, 1)


@pytest.mark.slow
def test_the_total_loss_picks_the_smallest_beta_and_the_default_objective_does_not(tmp_path):
    """On the sample drawings; beta-free means that the answer is not known beforehand."""
    images = sample_drawings(tmp_path, per_word=300)
    train, held_out = ({"image": each} for each in np.split(images, [1200]))
    found = {}
    for beta in (0.005, 0.1, 2.0):
        settings = TrainerConfig(
            image=ImageShape(height=16, width=16),
            model=ModelConfig(architecture="conv_32", latent_dim=8, beta=beta, width=0.5),
            train=TrainConfig(epochs=20, batch_size=64, learning_rate=3e-3),
        )
        model = compiled(settings)
        model.fit(
            from_arrays(train, batch_size=64, shuffle_seed=0),
            epochs=20,
            steps_per_epoch=19,
            shuffle=False,
            verbose=0,
        )
        found[beta], _ = measure(model, held_out, mean_of(train["image"]), TunerConfig(), 64)
    naive = {beta: metrics["val_loss"] for beta, metrics in found.items()}
    ours = {beta: score(TunerConfig(), metrics) for beta, metrics in found.items()}
    assert naive[0.005] < naive[0.1] < naive[2.0]
    assert ours[0.1] < min(ours[0.005], ours[2.0]), ours
