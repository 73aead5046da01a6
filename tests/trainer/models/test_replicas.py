"""Several devices train as one: on one machine, and as a pool of workers."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

ROOT = Path(__file__).parents[3]

TWO_REPLICAS = """
import os
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras, numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from trainer.config import GanConfig
from trainer.config import ImageShape, ModelConfig, TrainerConfig
from trainer.models.registry import build_model
from trainer.training.optimizers import make_optimizer
images = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 1), np.uint8)
labels = np.arange(8) % 2
mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def one_and_two(settings, rate):
    # The same model on one device, then on two.
    for strategy in (tf.distribute.get_strategy(), mirrored):
        with strategy.scope():
            keras.utils.set_random_seed(0)
            model = build_model(settings)
            model.compile(optimizer=make_optimizer(model, "rmsprop", rate), jit_compile=False)
        yield strategy.num_replicas_in_sync, model


def assert_same_weights(one, two, atol, name):
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, atol=atol, err_msg=name)


families = {"vae": "none", "cvae": "label", "denoising_ae": "none", "vae_gan": "label"}
for family, condition in families.items():
    settings = TrainerConfig(
        image=ImageShape(height=8, width=8),
        model=ModelConfig(family=family, condition=condition, latent_dim=3),
        labels=("bar", "ring"),
    )
    found = []
    for count, model in one_and_two(settings, 1e-4):
        data = tf.data.Dataset.from_tensors({"image": images, "label_index": labels}).repeat(3)
        logs = model.fit(data, validation_data=data.take(1), verbose=0).history
        found.append((count, logs, model.get_weights()))
    (one, logs, weights), (two, logs_of_two, weights_of_two) = found
    assert (one, two) == (1, 2)
    for name, value in logs.items():
        np.testing.assert_allclose(value, logs_of_two[name], rtol=1e-4, err_msg=f"{family} {name}")
    assert_same_weights(weights, weights_of_two, 1e-5, family)

# Noise on one device and black images on the other: the two would not decide alike.
gan = {"turns": "thresholds", "discriminator_until": 0.66, "generator_until": 0.5}
settings = TrainerConfig(
    image=ImageShape(height=8, width=8),
    model=ModelConfig(family="vae_gan", latent_dim=3, gan=GanConfig(**gan)),
)
images[4:] = 0
found = []
for _, model in one_and_two(settings, 1e-3):
    data = tf.data.Dataset.from_tensors({"image": images})
    states = []
    for _ in range(12):
        model.fit(data, verbose=0)
        states.append(keras.ops.convert_to_numpy(model.turn))
    found.append((np.stack(states), model.get_weights()))
(one, weights), (two, weights_of_two) = found
assert set(one[:, 0]) == {0.0, 1.0}, one
np.testing.assert_array_equal(one[:, :2], two[:, :2])
np.testing.assert_allclose(one, two, rtol=1e-4)
assert_same_weights(weights, weights_of_two, 1e-4, "thresholds")
"""


@pytest.mark.slow
def test_two_replicas_give_the_loss_and_weights_of_one():
    """With noise: each replica takes its part of what one device would have drawn."""
    result = subprocess.run(
        [sys.executable, "-c", TWO_REPLICAS], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


WORKER = """
import json, sys, types
from trainer.run_fn import run_fn
run_fn(types.SimpleNamespace(**json.loads(sys.argv[1])))
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def weights_of(out):
    reader = tf.train.load_checkpoint(str(out / "full/variables/variables"))
    keys = sorted(reader.get_variable_to_shape_map())
    return [reader.get_tensor(key) for key in keys if "OBJECT_GRAPH" not in key]


@pytest.mark.slow
def test_a_pool_of_two_workers_trains_as_one_process(prepared, tiny_config, tmp_path):
    """Same weights as one process at the same global batch; the chief alone writes."""
    settings = tiny_config(batch_size=20)  # divides the 60 images: none is left out
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}

    def start(out, **environment):
        return subprocess.Popen(
            [sys.executable, "-c", WORKER, json.dumps(vars(prepared.fn_args(out, settings)))],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    workers = [
        start(
            tmp_path / f"worker{index}",
            TF_CONFIG=json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}),
        )
        for index in range(2)
    ]
    alone = start(tmp_path / "alone")
    for process in (*workers, alone):
        try:
            output, _ = process.communicate(timeout=240)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
        assert process.returncode == 0, output
    assert not (tmp_path / "worker1").exists()
    for pooled, single in zip(
        weights_of(tmp_path / "worker0"), weights_of(tmp_path / "alone"), strict=True
    ):
        assert pooled == pytest.approx(single, abs=1e-4)
    history = [
        json.loads((tmp_path / name / "run/history.json").read_text())["epochs"][-1]
        for name in ("worker0", "alone")
    ]
    for name in set(history[0]) - {"seconds"}:
        assert history[0][name] == pytest.approx(history[1][name], rel=1e-3), name
