import subprocess
import sys

import pytest

from data_prep.errors import InputError
from trainer.config import ImageShape, ModelConfig, TrainConfig, TrainerConfig, choices
from trainer.config.architectures import ARCHITECTURES
from trainer.config.choices import OPTIMIZERS, RECONSTRUCTIONS, SCHEDULES, TRACKERS
from trainer.config.families import FAMILIES
from trainer.config.imported import Imported, load


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


def test_configs_load_without_tensorflow_or_keras():
    code = "import sys, trainer.config; print({'tensorflow', 'keras', 'numpy'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "set()", result.stderr


def entries():
    """Every entry of a registry that is imported when it is needed."""
    for architecture in ARCHITECTURES.values():
        yield from (architecture.encoder, architecture.decoder)
        if architecture.discriminator:
            yield architecture.discriminator
    yield from (family.model for family in FAMILIES.values())
    yield from (reconstruction.nll for reconstruction in RECONSTRUCTIONS.values())
    for registry in (OPTIMIZERS, SCHEDULES, TRACKERS):
        yield from registry.values()


def test_every_entry_of_a_registry_can_be_imported():
    places = {entry.place for entry in entries()}
    assert len(places) > 20
    for entry in entries():
        assert callable(load(entry)), entry.place


def test_arguments_of_an_entry_come_before_those_of_a_call():
    assert Imported("operator:sub", (5,))(3) == 2
    assert load(max) is max


def test_a_registered_reconstruction_is_the_loss(monkeypatch):
    import numpy as np
    from keras import ops

    from trainer.models.registry import build_model

    def absolute(pixels, logits, log_sigma):
        return ops.sum(ops.abs(pixels - ops.sigmoid(logits)), axis=(1, 2, 3))

    monkeypatch.setitem(
        RECONSTRUCTIONS, "absolute", choices.Reconstruction(nll=absolute, density=False)
    )
    model = build_model(
        TrainerConfig(
            image=ImageShape(height=8, width=8), model=ModelConfig(reconstruction="absolute")
        )
    )
    pixels = np.full((2, 8, 8, 1), 0.25, np.float32)
    logits = np.zeros((2, 8, 8, 1), np.float32)
    assert np.asarray(model.reconstruction_nll(pixels, logits)).tolist() == [16.0, 16.0]


def test_a_registered_schedule_and_optimizer_are_used(monkeypatch):
    import keras

    from trainer.models.registry import build_model
    from trainer.training.optimizers import make_optimizer
    from trainer.training.schedules import learning_rate

    monkeypatch.setitem(SCHEDULES, "halving", lambda train, epoch, losses: 0.5**epoch)
    monkeypatch.setitem(OPTIMIZERS, "sgd", keras.optimizers.SGD)
    train = TrainConfig(learning_rate_schedule="halving", optimizer="sgd")
    assert [learning_rate(train, epoch, []) for epoch in range(3)] == [1.0, 0.5, 0.25]
    model = build_model(TrainerConfig(image=ImageShape(height=8, width=8), train=train))
    assert isinstance(make_optimizer(model, train.optimizer, 0.1), keras.optimizers.SGD)
