import dataclasses
import json
import logging
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from data_prep.errors import InputError
from trainer.config import ImageShape
from trainer.run_fn import run_fn
from trainer.training.compile import compiled, in_float32
from trainer.training.progress import LOGGER, TrainingDiverged

METRICS = {"loss", "reconstruction_loss", "kl_loss", "elbo", "bits_per_dim", "active_units"}


def history_of(out: Path) -> dict:
    return json.loads((out / "run" / "history.json").read_text())


def weights_of(out: Path) -> list[np.ndarray]:
    reader = tf.train.load_checkpoint(str(out / "full/variables/variables"))
    keys = sorted(reader.get_variable_to_shape_map())
    return [reader.get_tensor(key) for key in keys if "OBJECT_GRAPH" not in key]


@pytest.mark.slow
def test_writes_models_history_and_curves_and_tells_its_progress(
    prepared, tiny_config, tmp_path, caplog
):
    caplog.set_level(logging.INFO, LOGGER.name)
    run_fn(prepared.fn_args(tmp_path, tiny_config(reconstruction="gaussian", beta=4.0)))

    history = history_of(tmp_path)
    assert [epoch["epoch"] for epoch in history["epochs"]] == [1, 2]
    val_losses = [epoch["val_loss"] for epoch in history["epochs"]]
    assert history["exported_epoch"] == int(np.argmin(val_losses)) + 1
    for epoch in history["epochs"]:
        validation = {f"val_{name}" for name in METRICS}
        assert set(epoch) == METRICS | validation | {"epoch", "seconds"}
        assert epoch["loss"] == pytest.approx(
            epoch["reconstruction_loss"] + 4 * epoch["kl_loss"], rel=1e-4
        )
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "history.json",
        "train",
        "validation",
    }
    assert not list((tmp_path / "checkpoints").iterdir())
    # Others may warn, too, of what earlier tests did in this process.
    messages = [r.getMessage() for r in caplog.records if r.name == LOGGER.name]
    assert "effective beta 4, implied sigma 2" in messages[0]
    assert [m.split("  ")[0] for m in messages[1:-1]] == ["epoch 1/2", "epoch 2/2"]
    assert messages[-1] == (
        f"exporting epoch {history['exported_epoch']} of 2: {history['exported_reason']}"
    )

    # the decoder is the one inside the full model
    decoder = tf.saved_model.load(str(tmp_path / "decoder"))
    full = tf.saved_model.load(str(tmp_path / "full"))
    image = tf.constant([i.tobytes() for i in prepared.images["test"]])
    z_mean = full.signatures["encode"](image=image)["z_mean"]
    decoded = decoder.signatures["decode"](z=z_mean)["image"].numpy()
    reconstructed = full.signatures["reconstruct"](image=image)["image"].numpy()
    assert decoded == pytest.approx(reconstructed, abs=1e-6)


@pytest.mark.slow
def test_two_runs_end_with_equal_weights(prepared, tiny_config, tmp_path):
    for name in ("a", "b"):
        run_fn(prepared.fn_args(tmp_path / name, tiny_config()))
    run_fn(prepared.fn_args(tmp_path / "c", tiny_config(seed=8)))
    first, second, other = (weights_of(tmp_path / name) for name in "abc")
    assert all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))
    assert not all(np.array_equal(one, two) for one, two in zip(first, other, strict=True))


@pytest.mark.slow
def test_early_stopping_exports_the_best_epoch(prepared, tiny_config, tmp_path):
    settings = tiny_config(epochs=40, early_stopping_patience=1, learning_rate=0.02)
    run_fn(prepared.fn_args(tmp_path / "early", settings))
    history = history_of(tmp_path / "early")
    losses = [epoch["val_loss"] for epoch in history["epochs"]]
    assert len(losses) < 40
    assert history["exported_epoch"] == int(np.argmin(losses)) + 1 == len(losses) - 1

    best = tiny_config(epochs=history["exported_epoch"], learning_rate=0.02)
    run_fn(prepared.fn_args(tmp_path / "best", best))
    for kept, expected in zip(
        weights_of(tmp_path / "early"), weights_of(tmp_path / "best"), strict=True
    ):
        assert np.array_equal(kept, expected)


@pytest.mark.slow
def test_a_diverging_training_stops_and_names_the_epoch(prepared, tiny_config, tmp_path):
    with pytest.raises(TrainingDiverged, match=r"loss is \S+ in epoch \d+ of 50; try a smaller"):
        run_fn(prepared.fn_args(tmp_path, tiny_config(epochs=50, learning_rate=10.0)))
    assert not (tmp_path / "decoder").exists()


def test_refuses_before_anything_is_built(prepared, tiny_config, tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.run_fn.compiled", pytest.fail)
    settings = dataclasses.replace(tiny_config(), image=ImageShape(height=32, width=32))
    with pytest.raises(InputError, match=r"image\.height: got 32, allowed: 8"):
        run_fn(prepared.fn_args(tmp_path, settings))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_leaves_the_dtype_policy_of_the_process_alone(prepared, tiny_config, tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        run_fn(prepared.fn_args(tmp_path, tiny_config(epochs=1)))
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


def test_mixed_precision_keeps_heads_exact_and_exports_float32(prepared, tiny_config):
    mixed = compiled(tiny_config(precision="bfloat16"))
    assert keras.config.dtype_policy().name == "float32"
    random = np.random.default_rng(0)
    mixed.set_weights([w + random.normal(0, 0.1, w.shape) for w in mixed.get_weights()])
    mixed.fit({"image": prepared.images["train"]}, batch_size=16, verbose=0)
    exact = in_float32(mixed)
    images = prepared.images["eval"]
    rough, fine = (
        {name: np.asarray(value) for name, value in model.evaluate_images(images, 0.0).items()}
        for model in (mixed, exact)
    )
    assert {value.dtype for value in rough.values()} == {np.dtype(np.float32)}
    assert {layer.compute_dtype for layer in mixed.decoder.layers} == {"bfloat16", "float32"}
    assert {layer.compute_dtype for layer in exact.decoder.layers} == {"float32"}
    assert rough["reconstruction_loss"] == pytest.approx(fine["reconstruction_loss"], rel=0.02)
