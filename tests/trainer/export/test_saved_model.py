import json
import math
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.export.metadata import METADATA_FILE, read_metadata
from trainer.export.saved_model import export_decoder, export_full_model
from trainer.models.registry import build_model


@pytest.fixture(scope="module")
def exported(prepared, tmp_path_factory):
    """A model with weights far from their start, and the two directories."""
    from trainer.config import ImageShape, ModelConfig, TrainerConfig

    out = tmp_path_factory.mktemp("exported")
    settings = TrainerConfig(
        image=ImageShape(height=8, width=8),
        model=ModelConfig(latent_dim=3, beta=2.0),
        labels=("bar", "ring"),
    )
    keras.utils.set_random_seed(0)
    model = build_model(settings)
    random = np.random.default_rng(0)
    model.set_weights([w + random.normal(0, 0.1, w.shape) for w in model.get_weights()])
    export_decoder(model, str(out / "decoder"))
    export_full_model(model, prepared.transform, str(out / "full"))
    return model, out


def signature(directory, name):
    loaded = tf.saved_model.load(str(directory))
    function = loaded.signatures[name]
    function.keeps = loaded  # a signature alone does not keep its variables
    return function


def test_decoder_signatures(exported):
    model, out = exported
    z = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
    expected = np.asarray(model.decode(z))
    for name in ("serving_default", "decode"):
        image = signature(out / "decoder", name)(z=tf.constant(z))["image"].numpy()
        assert image.dtype == np.float32
        assert image == pytest.approx(expected, abs=1e-5)
    assert 0 <= expected.min() < expected.max() <= 1


def test_samples_depend_on_the_seed_alone(exported):
    _, out = exported
    sample = signature(out / "decoder", "sample")

    def draw(count, seed):
        return sample(count=tf.constant(count), seed=tf.constant(seed, tf.int64))["image"].numpy()

    assert draw(5, 1).shape == (5, 8, 8, 1)
    assert np.array_equal(draw(5, 1), draw(5, 1))
    assert not np.array_equal(draw(5, 1), draw(5, 2))
    assert draw(2, 2**40).shape == (2, 8, 8, 1)
    assert len(np.unique(draw(5, 1), axis=0)) == 5


def test_samples_come_from_the_prior(exported):
    """The decoder of the samples inverted by replacing it: z itself has mean 0, deviation 1."""
    model, out = exported
    sample = signature(out / "decoder", "sample")
    drawn = sample(count=tf.constant(4000), seed=tf.constant(3, tf.int64))["image"].numpy()
    z = np.random.default_rng(0).normal(size=(4000, 3)).astype(np.float32)
    expected = np.asarray(model.decode(z))
    assert drawn.mean(axis=0) == pytest.approx(expected.mean(axis=0), abs=0.01)
    assert drawn.std(axis=0) == pytest.approx(expected.std(axis=0), abs=0.01)


def test_full_model_takes_what_the_shards_hold(exported, prepared):
    model, out = exported
    images = prepared.images["eval"]
    image = tf.constant([i.tobytes() for i in images])
    z_mean, z_log_var = model.encode(model.scale(images))
    encoded = signature(out / "full", "encode")(image=image)
    assert encoded["z_mean"].numpy() == pytest.approx(np.asarray(z_mean), abs=1e-5)
    assert encoded["z_log_var"].numpy() == pytest.approx(np.asarray(z_log_var), abs=1e-5)

    at_mean = {k: np.asarray(v) for k, v in model.evaluate_images(images, 0.0).items()}
    found = signature(out / "full", "reconstruct")(image=image)
    assert found["image"].numpy() == pytest.approx(np.asarray(model.decode(z_mean)), abs=1e-5)
    assert found["reconstruction_loss"].shape == (20,)
    for name in ("reconstruction_loss", "kl_loss"):
        assert found[name].numpy() == pytest.approx(at_mean[name], rel=1e-5)


def test_one_call_scores_at_given_noise_and_decodes_the_mean(exported, prepared):
    model, out = exported
    images = prepared.images["eval"]
    noise = np.random.default_rng(5).normal(size=(20, 3)).astype(np.float32)
    expected = {k: np.asarray(v) for k, v in model.evaluate_images(images, noise).items()}
    image = tf.constant([i.tobytes() for i in images])
    found = signature(out / "full", "score")(image=image, noise=tf.constant(noise))
    for name in ("reconstruction_loss", "kl_loss", "z_mean", "z_log_var"):
        assert found[name].numpy() == pytest.approx(expected[name], rel=1e-5, abs=1e-6)
    at_mean = signature(out / "full", "reconstruct")(image=image)["image"].numpy()
    assert found["image"].numpy() == pytest.approx(at_mean, abs=1e-6)


def test_log_likelihood_of_given_codes(exported, prepared):
    """At the codes that the noise leads to, it is the negative reconstruction loss there."""
    model, out = exported
    images = prepared.images["eval"]
    noise = np.random.default_rng(5).normal(size=(20, 3)).astype(np.float32)
    expected = {k: np.asarray(v) for k, v in model.evaluate_images(images, noise).items()}
    z = expected["z_mean"] + np.exp(expected["z_log_var"] / 2) * noise
    found = signature(out / "full", "log_likelihood")(
        image=tf.constant([i.tobytes() for i in images]), z=tf.constant(z)
    )
    assert found["log_likelihood"].numpy() == pytest.approx(
        -expected["reconstruction_loss"], rel=1e-5
    )


def test_description(exported):
    _, out = exported
    for name in ("decoder", "full"):
        description = json.loads((out / name / METADATA_FILE).read_text())
        assert description == {
            "family": "vae",
            "architecture": "conv_32",
            "latent_dim": 3,
            "beta": 2.0,
            "reconstruction": "bernoulli",
            "sigma": None,
            "implied_sigma": None,
            "image": {"height": 8, "width": 8, "channels": 1},
            "labels": ["bar", "ring"],
            "attributes": [],
            "condition": None,
        }


def test_a_learned_sigma_is_described_as_it_was_learned(prepared, tmp_path):
    model = export(prepared, tmp_path, reconstruction="gaussian_learned", sigma=0.5, beta=4.0)
    learned = math.exp(float(np.asarray(model.log_sigma)))
    assert abs(learned - 0.5) > 1e-3  # `export` moved every weight
    for name in ("decoder", "full"):
        description = read_metadata(str(tmp_path / name))
        assert description["sigma"] == pytest.approx(learned)
        assert description["implied_sigma"] == pytest.approx(2 * learned)


def export(prepared, out, **model):
    from trainer.config import ImageShape, ModelConfig, TrainerConfig

    settings = TrainerConfig(
        image=ImageShape(height=8, width=8),
        model=ModelConfig(latent_dim=3, **model),
        labels=("bar", "ring"),
    )
    made = build_model(settings)
    random = np.random.default_rng(0)
    made.set_weights([w + random.normal(0, 0.1, w.shape) for w in made.get_weights()])
    export_decoder(made, str(out / "decoder"))
    export_full_model(made, prepared.transform, str(out / "full"))
    return made


def test_a_conditional_model_takes_its_condition_everywhere(prepared, tmp_path):
    model = export(prepared, tmp_path, family="cvae", condition="label")
    images = prepared.images["eval"][:6]
    image = tf.constant([i.tobytes() for i in images])
    mixes = np.array([[1, 0], [0, 1], [0.5, 0.5]] * 2, np.float32)
    z = np.random.default_rng(1).normal(size=(6, 3)).astype(np.float32)

    decoded = signature(tmp_path / "decoder", "decode")(z=z, condition=mixes)["image"].numpy()
    assert decoded == pytest.approx(np.asarray(model.decode(z, mixes)), abs=1e-5)
    assert not np.allclose(decoded, np.asarray(model.decode(z, mixes[::-1])), atol=1e-3)

    sample = signature(tmp_path / "decoder", "sample")
    given = {"count": tf.constant(6), "seed": tf.constant(1, tf.int64)}
    each = sample(**given, condition=mixes)["image"].numpy()
    same = sample(**given, condition=mixes[:1])["image"].numpy()
    assert np.array_equal(each[[0, 3]], same[[0, 3]])
    assert not np.allclose(each[1], same[1], atol=1e-3)

    z_mean, _ = model.encode(model.scale(images), mixes)
    encoded = signature(tmp_path / "full", "encode")(image=image, condition=mixes)
    assert encoded["z_mean"].numpy() == pytest.approx(np.asarray(z_mean), abs=1e-5)
    expected = model.evaluate_images(images, z, mixes)
    scored = signature(tmp_path / "full", "score")(image=image, noise=z, condition=mixes)
    for name in ("reconstruction_loss", "kl_loss"):
        assert scored[name].numpy() == pytest.approx(np.asarray(expected[name]), rel=1e-5)
    described = json.loads((tmp_path / "decoder" / METADATA_FILE).read_text())
    assert described["condition"] == {"kind": "label", "names": ["bar", "ring"]}


def test_an_autoencoder_has_codes_but_no_elbo(prepared, tmp_path):
    model = export(prepared, tmp_path, family="ae")
    model.z_square.assign(model.z_square + 1.0)
    loaded = tf.saved_model.load(str(tmp_path / "full"))
    assert set(loaded.signatures) == {"encode", "reconstruct", "score"}
    image = tf.constant([i.tobytes() for i in prepared.images["eval"]])
    assert set(loaded.signatures["encode"](image=image)) == {"z_mean"}
    found = loaded.signatures["reconstruct"](image=image)
    assert set(found) == {"image", "reconstruction_loss"}
    scored = loaded.signatures["score"](image=image)
    assert set(scored) == {"z_mean", "image", "reconstruction_loss"}
    assert scored["image"].numpy() == pytest.approx(found["image"].numpy(), abs=1e-6)
    described = json.loads((tmp_path / "full" / METADATA_FILE).read_text())
    assert (described["beta"], described["condition"]) == (None, None)
    sample = signature(tmp_path / "decoder", "sample")
    drawn = sample(count=tf.constant(4), seed=tf.constant(0, tf.int64))["image"]
    assert drawn.shape == (4, 8, 8, 1)


ELSEWHERE = """
import sys
import numpy as np, tensorflow as tf
out, given = sys.argv[1], np.load(sys.argv[2])
decoder = tf.saved_model.load(out + "/decoder")
full = tf.saved_model.load(out + "/full")
image = decoder.signatures["decode"](z=tf.constant(given["z"]))["image"]
image_bytes = tf.constant([i.tobytes() for i in given["images"]])
z_mean = full.signatures["encode"](image=image_bytes)["z_mean"]
known = ("trainer", "data_prep", "components", "pipeline", "keras.src.models", "tfx")
assert not set(known) & set(sys.modules), set(known) & set(sys.modules)
np.savez(out + "/found.npz", image=image, z_mean=z_mean)
"""


@pytest.mark.slow
def test_both_load_with_tensorflow_alone(exported, prepared, tmp_path):
    """In an isolated process elsewhere: neither this project nor its environment variables."""
    model, out = exported
    images = prepared.images["test"]
    z = np.random.default_rng(2).normal(size=(4, 3)).astype(np.float32)
    np.savez(tmp_path / "given.npz", z=z, images=images)
    result = subprocess.run(
        [sys.executable, "-I", "-c", ELSEWHERE, str(out), str(tmp_path / "given.npz")],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    found = np.load(out / "found.npz")
    assert found["image"] == pytest.approx(np.asarray(model.decode(z)), abs=1e-5)
    z_mean, _ = model.encode(model.scale(images))
    assert found["z_mean"] == pytest.approx(np.asarray(z_mean), abs=1e-5)
