"""Pictures drawn by a real training, which they must not disturb."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from trainer.config import ModelConfig
from trainer.figures.callback import FigureCallback
from trainer.run_fn import run_fn

pytestmark = pytest.mark.slow


def weights_of(out):
    reader = tf.train.load_checkpoint(str(out / "decoder/variables/variables"))
    keys = sorted(reader.get_variable_to_shape_map())
    return [reader.get_tensor(key) for key in keys if "OBJECT_GRAPH" not in key]


def pictures_of(out):
    """Content of every picture by name."""
    folder = out / "run" / "pictures"
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix in (".png", ".gif")}


def test_a_training_that_draws_ends_with_the_same_weights(prepared, tiny_config, tmp_path):
    for name, pictures in (("with", True), ("without", False)):
        run_fn(prepared.fn_args(tmp_path / name, tiny_config(pictures=pictures)))
    assert (tmp_path / "with/run/pictures").is_dir()
    assert not (tmp_path / "without/run/pictures").exists()
    both = zip(weights_of(tmp_path / "with"), weights_of(tmp_path / "without"), strict=True)
    assert all(np.array_equal(one, other) for one, other in both)


def test_a_killed_training_ends_with_the_same_pictures(
    prepared, tiny_config, tmp_path, monkeypatch
):
    settings = tiny_config(epochs=3, pictures=True)
    run_fn(prepared.fn_args(tmp_path / "whole", settings))

    draw = FigureCallback.on_epoch_end

    def kill(self, epoch, logs=None):
        draw(self, epoch, logs)
        if epoch == 1:  # drawn, but no checkpoint yet
            raise KeyboardInterrupt

    checkpoints = {"checkpoint_root": str(tmp_path / "checkpoints")}
    config = {"settings": settings.to_json(), "code_version": "1", **checkpoints}
    monkeypatch.setattr(FigureCallback, "on_epoch_end", kill)
    with pytest.raises(KeyboardInterrupt):
        run_fn(prepared.fn_args(tmp_path / "killed", settings, custom_config=config))
    monkeypatch.undo()
    run_fn(prepared.fn_args(tmp_path / "resumed", settings, custom_config=config))

    found = pictures_of(tmp_path / "resumed")
    assert len(found) == 4 * 3 + 2
    assert found == pictures_of(tmp_path / "whole")
    assert Image.open(tmp_path / "resumed/run/pictures/manifold.gif").n_frames == 3
    assert not list((tmp_path / "checkpoints").iterdir())


@pytest.mark.parametrize(
    "model",
    [
        ModelConfig(family="cvae", condition="label", latent_dim=2),
        ModelConfig(family="ae", latent_dim=1),
        ModelConfig(family="vae_gan", condition="label", latent_dim=2),
    ],
    ids=lambda model: model.family,
)
def test_every_kind_of_model_is_drawn(prepared, tiny_config, tmp_path, model):
    settings = dataclasses.replace(tiny_config(epochs=1, pictures=True), model=model)
    run_fn(prepared.fn_args(tmp_path, settings))
    assert set(pictures_of(tmp_path)) == {
        *(f"{kind}-000001.png" for kind in ("reconstructions", "samples", "manifold", "scatter")),
        "manifold.gif",
        "scatter.gif",
    }
    assert json.loads((tmp_path / "run/history.json").read_text())["epochs"]
