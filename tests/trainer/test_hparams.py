import subprocess
import sys

import pytest

from data_prep.errors import InputError
from trainer.hparams import (
    ARCHITECTURES,
    FAMILIES,
    ImageShape,
    ModelConfig,
    TrainConfig,
    TrainerSettings,
    effective_beta,
    implied_sigma,
)


def test_json_round_trip_keeps_everything():
    settings = TrainerSettings(
        image=ImageShape(height=64, width=48, channels=3),
        model=ModelConfig(latent_dim=5, beta=0.25, reconstruction="gaussian", sigma=0.3),
        train=TrainConfig(epochs=3, seed=11, learning_rate=2e-4),
        labels=("cat", "eye"),
    )
    assert TrainerSettings.from_json(settings.to_json()) == settings


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
        TrainerSettings(image=ImageShape(height=32, width=28))


@pytest.mark.parametrize("labels", [("b", "a"), ("a", "a"), ("",)])
def test_labels_are_sorted_and_different(labels):
    with pytest.raises(InputError, match=r"^labels: "):
        TrainerSettings(labels=labels)


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
        TrainerSettings.from_json(text)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("written", "beta"),
    [
        # weight on the mean of 784 binary cross-entropies, halved like the KL
        ({"reconstruction_weight": 1, "averaged_over": 1}, 1.0),
        # 500 * mean BCE over 1024 pixels + KL
        ({"reconstruction_weight": 500, "averaged_over": 1024}, 2.048),
        # 2000 * mean squared error over 12,288 values + KL
        (
            {"reconstruction_weight": 2000, "averaged_over": 12288, "reconstruction": "gaussian"},
            3.072,
        ),
        # mean BCE over 1024 pixels + 1e-4 * KL
        ({"reconstruction_weight": 1, "averaged_over": 1024, "kl_weight": 1e-4}, 0.1024),
    ],
)
def test_effective_beta_of_the_published_losses(written, beta):
    assert effective_beta(**written) == pytest.approx(beta)


def test_implied_sigma():
    assert implied_sigma(ModelConfig(beta=4.0)) is None
    gaussian = ModelConfig(beta=4.0, reconstruction="gaussian", sigma=0.5)
    assert implied_sigma(gaussian) == pytest.approx(1.0)


def test_configs_load_without_tensorflow_or_keras():
    code = "import sys, trainer.hparams; print({'tensorflow', 'keras', 'numpy'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "set()", result.stderr


def test_names_match_the_registries():
    from trainer.architectures import ARCHITECTURES as BUILDERS
    from trainer.models import MODELS

    assert set(FAMILIES) == set(MODELS)
    assert set(ARCHITECTURES) == set(BUILDERS)
