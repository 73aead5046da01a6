import subprocess
import sys

import pytest

from data_prep.errors import InputError
from trainer.config import (
    ARCHITECTURES,
    FAMILIES,
    ImageShape,
    ModelConfig,
    TrainConfig,
    TrainerConfig,
)
from trainer.models.beta import PUBLISHED, effective_beta, implied_sigma


def test_json_round_trip_keeps_everything():
    settings = TrainerConfig(
        image=ImageShape(height=64, width=48, channels=3),
        model=ModelConfig(latent_dim=5, beta=0.25, reconstruction="gaussian", sigma=0.3),
        train=TrainConfig(epochs=3, seed=11, learning_rate=2e-4),
        labels=("cat", "eye"),
    )
    assert TrainerConfig.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        (ModelConfig, "latent_dim", 0),
        (ModelConfig, "beta", -0.1),
        (ModelConfig, "beta", float("nan")),
        (ModelConfig, "sigma", 0.0),
        (ModelConfig, "family", "gan"),
        (ModelConfig, "architecture", "conv"),
        (ModelConfig, "reconstruction", "mse"),
        (ModelConfig, "condition", "label"),
        (ModelConfig, "free_bits", -1.0),
        (ModelConfig, "kl_warmup_epochs", -1),
        (TrainConfig, "optimizer", "sgd"),
        (TrainConfig, "learning_rate_schedule", "linear"),
        (TrainConfig, "plateau_factor", 1.0),
        (TrainConfig, "precision", "float16"),
        (TrainConfig, "epochs", 0),
        (TrainConfig, "batch_size", 0),
        (TrainConfig, "learning_rate", 0.0),
        (TrainConfig, "seed", -1),
        (TrainConfig, "early_stopping_patience", -1),
        (ImageShape, "channels", 2),
        (ImageShape, "height", 0),
    ],
)
def test_impossible_values_are_named(part, name, value):
    with pytest.raises(InputError, match=rf"^{name}: got {value!r}, allowed: "):
        part(**{name: value})


def test_an_architecture_that_does_not_fit_the_image():
    with pytest.raises(InputError, match=r"image\.width: got 28, allowed: a multiple of 8"):
        TrainerConfig(image=ImageShape(height=32, width=28))


def test_a_map_of_latents_that_does_not_fit_the_image():
    wrong = ModelConfig(architecture="two_branch_4", latent_dim=126)
    with pytest.raises(InputError, match=r"model\.latent_dim: got 126, allowed: a multiple of 4 "):
        TrainerConfig(image=ImageShape(), model=wrong)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"family": "cvae"}, "condition: got 'none', allowed: label, attributes with family cvae"),
        (
            {"family": "vae_gan", "architecture": "dense_512"},
            "architecture: got 'dense_512', allowed: conv_28, conv_32, conv_64, res_64",
        ),
        (
            {"family": "vae_gan", "reconstruction": "gaussian_learned"},
            "reconstruction: got 'gaussian_learned', allowed: bernoulli, gaussian with family",
        ),
    ],
)
def test_parts_that_do_not_go_together(model, message):
    with pytest.raises(InputError) as error:
        ModelConfig(**model)
    assert message in str(error.value)


@pytest.mark.parametrize("labels", [("b", "a"), ("a", "a"), ("",)])
def test_labels_are_sorted_and_different(labels):
    with pytest.raises(InputError, match=r"^labels: "):
        TrainerConfig(labels=labels)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "settings: not JSON"),
        (None, "settings: not JSON"),
        ('{"modle": {}}', "settings.modle: unknown key; did you mean settings.model?"),
        ('{"model": {"latent_dim": "2"}}', "settings.model.latent_dim: got '2'"),
    ],
)
def test_bad_json_says_where(text, message):
    with pytest.raises(InputError) as error:
        TrainerConfig.from_json(text)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("recipe", "beta"),
    [
        ("mnist_vae_dense", 1.0),
        ("mnist_cvae_blog", 1.0),
        ("mnist_vae", 1.0),
        ("mnist_cvae", 1.0),
        ("fashion_vae", 2.048),
        ("celeba_vae", 3.072),
        ("cats_vae", 0.1024),
    ],
)
def test_effective_beta_of_the_published_losses(recipe, beta):
    assert effective_beta(**PUBLISHED[recipe]) == pytest.approx(beta)


def test_effective_beta_by_the_written_loss_itself():
    """Both losses of random numbers differ by a factor alone, so their optimum is the same."""
    import numpy as np

    errors, kl = np.random.default_rng(0).random((2, 12288)), np.array([5.0, 7.0])
    written = 2000 * errors.mean(axis=1) + kl
    ours = 0.5 * errors.sum(axis=1) + effective_beta(**PUBLISHED["celeba_vae"]) * kl
    assert ours / written == pytest.approx(3.072)


def test_implied_sigma():
    assert implied_sigma(ModelConfig(beta=4.0)) is None
    gaussian = ModelConfig(beta=4.0, reconstruction="gaussian", sigma=0.5)
    assert implied_sigma(gaussian) == pytest.approx(1.0)
    assert implied_sigma(ModelConfig(family="ae", reconstruction="gaussian")) is None


def test_configs_load_without_tensorflow_or_keras():
    code = "import sys, trainer.config; print({'tensorflow', 'keras', 'numpy'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "set()", result.stderr


def test_names_match_the_registries():
    from trainer.models.registry import MODELS
    from trainer.networks.registry import ARCHITECTURES as BUILDERS

    assert set(FAMILIES) == set(MODELS)
    assert set(ARCHITECTURES) == set(BUILDERS)
