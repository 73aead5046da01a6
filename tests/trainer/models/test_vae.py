import math

import keras
import numpy as np
import pytest

from trainer.config import ImageShape, ModelConfig, TrainerConfig
from trainer.models import losses
from trainer.models.registry import build_model

METRICS = {"loss", "reconstruction_loss", "kl_loss", "elbo", "bits_per_dim", "active_units"}


def build(**model) -> keras.Model:
    settings = TrainerConfig(
        image=ImageShape(height=8, width=8),
        model=ModelConfig(**({"latent_dim": 3, "beta": 2.0} | model)),
    )
    keras.utils.set_random_seed(1)
    vae = build_model(settings)
    vae.compile(optimizer=keras.optimizers.SGD(1e-3), jit_compile=False)
    return vae


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (10, 8, 8, 1), np.uint8)


def test_division_by_255_is_the_models(images):
    pixels = np.asarray(build().scale(images))
    assert pixels.dtype == np.float32
    assert pixels == pytest.approx(images / 255.0)


def test_loss_and_metrics_are_what_they_say(images):
    vae = build()
    terms = {name: np.asarray(value) for name, value in vae.evaluate_images(images, 0.5).items()}
    vae.draw_noise = lambda like: 0.5  # the same noise in every call
    found = vae.evaluate({"image": images}, batch_size=4, return_dict=True, verbose=0)
    reconstruction, kl = terms["reconstruction_loss"].mean(), terms["kl_loss"].mean()
    assert set(found) == METRICS
    assert found["reconstruction_loss"] == pytest.approx(reconstruction, rel=1e-5)
    assert found["kl_loss"] == pytest.approx(kl, rel=1e-5)
    assert found["loss"] == pytest.approx(reconstruction + 2 * kl, rel=1e-5)
    assert found["elbo"] == pytest.approx(-reconstruction - kl, rel=1e-5)
    assert found["bits_per_dim"] == pytest.approx((reconstruction + kl) / 64 / math.log(2))
    assert found["active_units"] == (terms["z_mean"].var(axis=0) > 0.01).sum()


def test_terms_against_numpy(images):
    vae = build()
    terms = {name: np.asarray(value) for name, value in vae.evaluate_images(images, 0.0).items()}
    x = images / 255.0
    p = 1 / (1 + np.exp(-terms["logits"].astype(np.float64)))
    nll = -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=(1, 2, 3))
    assert terms["reconstruction_loss"] == pytest.approx(nll, rel=1e-5)
    decoded = np.asarray(vae.decode(terms["z_mean"]))
    assert decoded == pytest.approx(p, abs=1e-5)


def test_noise_has_the_posteriors_deviation(images):
    vae = build()
    random = np.random.default_rng(0)
    vae.set_weights([w + random.normal(0, 0.1, w.shape) for w in vae.get_weights()])
    noise = random.normal(size=(10, 3)).astype(np.float32)
    terms = {name: np.asarray(value) for name, value in vae.evaluate_images(images, noise).items()}
    z = terms["z_mean"] + np.sqrt(np.exp(terms["z_log_var"])) * noise
    decoded = np.asarray(vae.decode(z.astype(np.float32)))
    assert 1 / (1 + np.exp(-terms["logits"])) == pytest.approx(decoded, abs=1e-5)


def test_noise_is_drawn_in_training_and_validation_and_its_seed_is_state(images):
    vae = build()
    seed = next(v for v in vae.variables if v.path.endswith("seed_generator_state"))
    before = np.array(seed)
    first = np.asarray(vae({"image": images}, training=False)["logits"])
    assert not np.array_equal(before, np.array(seed))
    assert not np.array_equal(first, vae({"image": images}, training=False)["logits"])
    seed.assign(before)
    assert np.array_equal(first, vae({"image": images}, training=True)["logits"])


def test_every_network_learns(images):
    vae = build()
    before = vae.get_weights()
    vae.fit({"image": images}, batch_size=5, epochs=1, verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, vae.get_weights(), strict=True)]
    trainable = {v.path for v in vae.trainable_variables}
    assert changed == [v.path in trainable for v in vae.weights]
    assert {path.split("/")[-2] for path in trainable} >= {"z_mean", "z_log_var", "logits"}


def test_a_given_sigma_stays_and_a_learned_one_moves(images):
    for kind, moves in (("gaussian", False), ("gaussian_learned", True)):
        vae = build(reconstruction=kind, sigma=0.5)
        vae.fit({"image": images}, batch_size=5, epochs=1, verbose=0)
        assert (float(np.asarray(vae.log_sigma)) != pytest.approx(math.log(0.5))) == moves
        assert vae.sigma == pytest.approx(math.exp(float(np.asarray(vae.log_sigma))))
    assert build(reconstruction="bernoulli").sigma is None


def test_bits_per_dim_follow_the_learned_sigma(images):
    vae = build(reconstruction="gaussian_learned", sigma=1.0)
    vae.compile(jit_compile=False)
    for sigma in (1.0, 0.0015):
        vae.log_sigma.assign(math.log(sigma))
        found = vae.evaluate({"image": images}, return_dict=True, verbose=0)
        expected = losses.bits_per_dim(-found["elbo"], 64, sigma)
        assert found["bits_per_dim"] == pytest.approx(expected, rel=1e-4)


def test_one_batch_can_be_learned(images):
    vae = build(beta=0.0)
    vae.compile(optimizer=keras.optimizers.Adam(3e-3), jit_compile=False)
    batch = {"image": np.where(images > 127, 255, 0).astype(np.uint8)[:4]}
    losses = vae.fit(batch, epochs=60, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


def test_kl_warm_up_counts_in_training_alone(images):
    vae = build(kl_warmup_epochs=4)
    vae.kl_scale.assign(0.25)
    terms = vae.evaluate_images(images, 0.5)
    reconstruction, kl = (np.asarray(terms[n]) for n in ("reconstruction_loss", "kl_loss"))
    for training, beta in ((True, 0.5), (False, 2.0)):
        loss = float(vae.compute_loss(y_pred=terms, training=training))
        assert loss == pytest.approx((reconstruction + beta * kl).mean(), rel=1e-5)


def test_free_bits_cost_nothing_and_pull_nothing(images):
    free, plain = build(free_bits=0.5), build()
    terms = free.evaluate_images(images, 0.5)
    z = np.asarray(terms["z_mean"]), np.asarray(terms["z_log_var"])
    each = 0.5 * (np.square(z[0]) + np.exp(z[1]) - 1 - z[1]).mean(axis=0)
    assert (each < 0.5).all()  # an untrained posterior is close to the prior
    assert np.asarray(free.regularizer(*z)) == pytest.approx(np.full(10, 3 * 0.5))
    far = z[0] + 2.0, z[1]
    assert np.asarray(free.regularizer(*far)).mean() == pytest.approx(
        np.asarray(plain.regularizer(*far)).mean(), rel=1e-5
    )


def test_log_variance_is_limited(images):
    vae = build(log_var_limit=0.01)
    random = np.random.default_rng(0)
    vae.set_weights([w + random.normal(0, 0.3, w.shape) for w in vae.get_weights()])
    _, z_log_var = vae.encode(vae.scale(images))
    assert np.abs(z_log_var).max() == pytest.approx(0.01)
