"""What every family keeps to, on both backends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from data_prep.errors import InputError
from trainer.config import GanConfig, ImageShape, ModelConfig, TrainerConfig
from trainer.config.families import FAMILIES, Family
from trainer.models.registry import build_model
from trainer.models.vae import VAE
from trainer.training.optimizers import make_optimizer

KINDS = [(family, condition) for family in FAMILIES for condition in FAMILIES[family].conditions]
METRICS = {"loss", "reconstruction_loss", "active_units"}
WITH_PRIOR = METRICS | {"kl_loss", "elbo", "bits_per_dim"}
GAN = WITH_PRIOR | {"discriminator_loss", "generator_loss", "feature_loss", "d_real", "d_fake"}
EXPECTED = {
    "vae": WITH_PRIOR,
    "cvae": WITH_PRIOR,
    "vae_gan": GAN,
    "ae": METRICS,
    "denoising_ae": METRICS,
}
RANDOM = np.random.default_rng(0)
BATCH = {
    "image": RANDOM.integers(0, 256, (8, 8, 8, 1), np.uint8),
    "label_index": np.array([0, 1, 0, 1, 1, 0, 0, -1]),
    "attributes": RANDOM.integers(0, 2, (8, 3)),
}


def build(family, condition="none", **model):
    settings = TrainerConfig(
        image=ImageShape(height=8, width=8),
        model=ModelConfig(family=family, condition=condition, **({"latent_dim": 3} | model)),
        labels=("bar", "ring"),
        attributes=("Male", "Smiling", "Young"),
    )
    keras.utils.set_random_seed(1)
    made = build_model(settings)
    made.compile(optimizer=make_optimizer(made, "rmsprop", 1e-3), jit_compile=False)
    return made


@pytest.mark.parametrize(("family", "condition"), KINDS)
def test_metrics_have_their_names_and_all_networks_learn(family, condition):
    model = build(family, condition)
    before = {v.path: np.array(v) for v in model.trainable_variables}
    found = model.train_on_batch(BATCH, return_dict=True)
    assert set(found) == EXPECTED[family] == set(model.test_on_batch(BATCH, return_dict=True))
    assert set(FAMILIES[family].metrics) == EXPECTED[family]  # so that charts name them all
    assert all(np.isfinite(value) for value in found.values())
    still = [v.path for v in model.trainable_variables if np.array_equal(v, before[v.path])]
    assert not still


def test_conditions_are_one_hot_labels_and_attributes_as_they_are():
    labels = np.asarray(build("cvae", "label").condition_of(BATCH))
    assert labels.tolist() == [*np.eye(2)[[0, 1, 0, 1, 1, 0, 0]].tolist(), [0, 0]]
    attributes = np.asarray(build("cvae", "attributes").condition_of(BATCH))
    assert attributes.dtype == np.float32 and np.array_equal(attributes, BATCH["attributes"])
    assert build("vae").condition_of(BATCH) is None


def test_a_condition_without_names_is_refused():
    settings = TrainerConfig(
        image=ImageShape(height=8, width=8), model=ModelConfig(family="cvae", condition="label")
    )
    with pytest.raises(InputError, match=r"model\.condition: got 'label', allowed: none"):
        build_model(settings)


def test_a_condition_of_the_wrong_width_is_refused():
    model = build("cvae", "label")
    with pytest.raises(ValueError, match="condition"):
        model.decode(np.zeros((2, 3), np.float32), np.zeros((2, 5), np.float32))


def test_conditions_reach_encoder_and_decoder():
    model = build("cvae", "label")
    random = np.random.default_rng(0)
    model.set_weights([w + random.normal(0, 0.1, w.shape) for w in model.get_weights()])
    pixels, z = model.scale(BATCH["image"]), np.zeros((8, 3), np.float32)
    bar, ring = (np.tile(np.eye(2, dtype=np.float32)[i], (8, 1)) for i in range(2))
    assert not np.array_equal(model.encode(pixels, bar)[0], model.encode(pixels, ring)[0])
    assert not np.array_equal(model.decode(z, bar), model.decode(z, ring))
    mix = np.asarray(model.decode(z, (bar + ring) / 2))
    assert not np.array_equal(mix, model.decode(z, bar))


def test_an_autoencoder_has_no_noise_and_no_kl():
    model = build("ae")
    first, second = (model(BATCH)["reconstruction_loss"] for _ in range(2))
    assert np.array_equal(first, second)
    z, log_var = model.encode(model.scale(BATCH["image"]))
    assert log_var is None
    pixels, p = BATCH["image"] / 255, np.asarray(model.decode(z), np.float64)
    expected = -(pixels * np.log(p) + (1 - pixels) * np.log(1 - p)).sum(axis=(1, 2, 3))
    assert np.asarray(first) == pytest.approx(expected, rel=1e-5)


def test_an_autoencoder_samples_from_the_moments_its_codes_had():
    model = build("ae")
    model.compile(optimizer=keras.optimizers.SGD(0.0), jit_compile=False)
    model.fit(BATCH, batch_size=4, epochs=2, verbose=0)
    z = np.asarray(model.encode(model.scale(BATCH["image"]))[0])
    noise = np.random.default_rng(1).normal(size=(50_000, 3)).astype(np.float32)
    drawn = np.asarray(model.from_prior(noise))
    assert drawn.mean(axis=0) == pytest.approx(z.mean(axis=0), abs=0.01)
    assert drawn.std(axis=0) == pytest.approx(z.std(axis=0), abs=0.01)


def test_a_denoising_autoencoder_sees_noise_but_is_judged_on_the_clean_image():
    model = build("denoising_ae", corruption=0.3)
    pixels = np.full((4, 8, 8, 1), 0.5, np.float32)
    seen = np.asarray(model.encoder_input(pixels))
    assert seen.min() >= 0 and seen.max() <= 1
    assert seen.std() == pytest.approx(0.3 * 0.93, rel=0.1)  # clipped at 0.5 / 0.3 deviations
    model.encoder_input = lambda pixels: pixels * 0.0
    images = BATCH["image"]
    black = model.evaluate_images(images * 0, None)["logits"]
    expected = model.reconstruction_nll(model.scale(images), black)
    assert np.asarray(model(BATCH)["reconstruction_loss"]) == pytest.approx(np.asarray(expected))


TWO_STEPS = """
import json, sys
import keras, numpy as np
from trainer.config import ImageShape, ModelConfig, TrainerConfig
from trainer.models.registry import build_model
from trainer.training.optimizers import make_optimizer
random = np.random.default_rng(0)
batch = {
    "image": random.integers(0, 256, (6, 8, 8, 1), np.uint8),
    "label_index": np.arange(6) % 2,
    "attributes": random.integers(0, 2, (6, 3)),
}
found = {"backend": keras.backend.backend()}
kinds = (
    ("vae", "none", "gaussian_learned"), ("cvae", "attributes", "bernoulli"),
    ("vae_gan", "label", "bernoulli"), ("ae", "none", "gaussian"),
    ("denoising_ae", "label", "bernoulli"),
)
for family, condition, reconstruction in kinds:
    model = build_model(TrainerConfig(
        image=ImageShape(height=8, width=8),
        model=ModelConfig(
            family=family, condition=condition, reconstruction=reconstruction,
            latent_dim=3, beta=0.7, free_bits=0.01,
        ),
        labels=("bar", "ring"), attributes=("Male", "Smiling", "Young"),
    ))
    weights = np.random.default_rng(1)
    for variable in model.trainable_variables:
        variable.assign(weights.normal(0, 0.05, variable.shape))
    model.draw_noise = lambda like: np.random.default_rng(2).normal(
        size=like.shape
    ).astype("float32")
    model.compile(
        optimizer=make_optimizer(model, "adam", 1e-3),
        jit_compile=found["backend"] == "jax",
    )
    found[family] = [dict(model.train_on_batch(batch, return_dict=True)) for _ in range(2)]
print(json.dumps(found, default=float))
"""


@pytest.mark.slow
def test_two_steps_agree_on_tensorflow_and_jax():
    """At equal weights and equal noise, GAN with its three optimizers included."""
    running = {
        backend: subprocess.Popen(
            [sys.executable, "-c", TWO_STEPS],
            cwd=Path(__file__).parents[3],
            env=os.environ | {"KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for backend in ("tensorflow", "jax")
    }
    found = {}
    for backend, process in running.items():
        output, errors = process.communicate()
        assert process.returncode == 0, errors
        found[backend] = json.loads(output.splitlines()[-1])
        assert found[backend].pop("backend") == backend
    assert found["tensorflow"].keys() == found["jax"].keys()
    assert set(found["jax"]) == set(FAMILIES)
    for name, steps in found["tensorflow"].items():
        for ours, theirs in zip(steps, found["jax"][name], strict=True):
            assert set(ours) == EXPECTED[name]
            assert ours == pytest.approx(theirs, rel=1e-3), name
        assert steps[0]["loss"] != pytest.approx(steps[1]["loss"], rel=1e-6), name


class SquaredLatents(VAE):
    """A toy family: its penalty is the squared mean code instead of the KL."""

    def regularizer(self, z_mean, z_log_var):
        return keras.ops.sum(keras.ops.square(z_mean), axis=-1)


def test_a_registered_family_is_configured_built_and_trained(monkeypatch):
    with pytest.raises(InputError, match="family: got 'squared', allowed: vae, cvae"):
        ModelConfig(family="squared")
    monkeypatch.setitem(FAMILIES, "squared", Family(model=SquaredLatents, conditions=("label",)))
    with pytest.raises(InputError, match="allowed: label with family squared"):
        ModelConfig(family="squared", condition="none")
    model = build("squared", "label", beta=2.0)
    assert isinstance(model, SquaredLatents)
    found = model.train_on_batch(BATCH, return_dict=True)
    assert set(found) == WITH_PRIOR
    y_pred = model(BATCH)
    penalty = np.square(np.asarray(y_pred["z_mean"])).sum(axis=-1)
    expected = np.asarray(y_pred["reconstruction_loss"]) + 2 * penalty
    assert np.asarray(model.objective(y_pred, False)) == pytest.approx(expected, rel=1e-5)


def test_gan_settings_are_checked():
    for wrong in ({"turns": "never"}, {"similarity": "l1"}, {"gamma": -1.0}, {"inner_steps": 0}):
        with pytest.raises(InputError, match=f"^{next(iter(wrong))}: got"):
            GanConfig(**wrong)
