"""Trackers get the metrics and figures of every epoch, and TensorBoard writes them to its files."""

import io
import json
from pathlib import Path

import pytest
import tensorflow as tf
from PIL import Image

from data_prep.errors import InputError
from trainer.config import TrainConfig, TrainerConfig
from trainer.config.choices import TRACKERS
from trainer.run_fn import run_fn
from trainer.training.callbacks import History
from trainer.training.trackers import TensorBoard, Tracker, Trackers

FIGURES = {"reconstructions", "samples", "manifold", "scatter"}


def png(width, height):
    content = io.BytesIO()
    Image.new("L", (width, height)).save(content, "PNG")
    return content.getvalue()


def events(directory):
    """{tag: {step: value}} of the one event file in a directory."""
    found = {}
    (path,) = Path(directory).glob("events.*")
    for event in tf.compat.v1.train.summary_iterator(str(path)):
        for value in event.summary.value:
            found.setdefault(value.tag, {})[event.step] = tf.make_ndarray(value.tensor)
    return found


def test_tensorboard_holds_the_epochs_of_an_interrupted_process_too(tmp_path):
    history = History()
    history.epochs = [{"epoch": 1, "seconds": 1.0, "loss": 9.0, "val_loss": 8.0}]
    trackers = Trackers([TensorBoard(str(tmp_path), TrainerConfig())], history)
    trackers.on_train_begin()
    history.epochs.append({"epoch": 2, "seconds": 1.0, "loss": 7.0, "val_loss": 6.0})
    trackers.on_epoch_end(1)
    trackers.finish()
    assert events(tmp_path / "train") == {"loss": {1: 9.0, 2: 7.0}, "seconds": {1: 1.0, 2: 1.0}}
    assert events(tmp_path / "validation") == {"loss": {1: 8.0, 2: 6.0}}
    assert not (tmp_path / "pictures").exists()


def test_tensorboard_gets_figures_as_they_are_with_their_sizes(tmp_path):
    tracker = TensorBoard(str(tmp_path), TrainerConfig())
    tracker.log_images({"samples": png(7, 5)}, 3)
    tracker.finish()
    assert events(tmp_path / "pictures")["samples"][3].tolist() == [b"7", b"5", png(7, 5)]


class Toy(Tracker):
    """Writes one JSON line for each call."""

    def start(self):
        self.write("start", self.config.model.family)

    def log(self, metrics, epoch):
        self.write("log", sorted(metrics), epoch)

    def log_images(self, images, epoch):
        assert all(content.startswith(b"\x89PNG") for content in images.values())
        self.write("log_images", sorted(images), epoch)

    def finish(self):
        self.write("finish")

    def write(self, *call):
        Path(self.directory).mkdir(parents=True, exist_ok=True)
        with open(Path(self.directory) / "toy.jsonl", "a") as file:
            file.write(json.dumps(call) + "\n")


@pytest.mark.slow
def test_a_registered_tracker_gets_scalars_and_figures(
    prepared, tiny_config, tmp_path, monkeypatch
):
    monkeypatch.setitem(TRACKERS, "toy", Toy)
    run_fn(prepared.fn_args(tmp_path, tiny_config(trackers=("toy",), pictures=True)))
    calls = [json.loads(line) for line in (tmp_path / "run/toy.jsonl").read_text().splitlines()]
    kinds = [call[0] for call in calls]
    assert kinds == ["start", "log_images", "log", "log_images", "log", "finish"]
    assert calls[0] == ["start", "vae"]
    assert [set(call[1]) for call in calls if call[0] == "log_images"] == [FIGURES] * 2
    scalars = [call for call in calls if call[0] == "log"]
    assert [call[2] for call in scalars] == [1, 2]
    assert {"seconds", "loss", "val_loss", "elbo", "val_elbo"} <= set(scalars[0][1])
    assert not (tmp_path / "run/train").exists()  # no TensorBoard, which is not among the names


@pytest.mark.parametrize(
    ("names", "refused"),
    [(("tensorboard", "wandb"), "wandb"), (("tensorboard", "tensorboard"), "tensorboard")],
)
def test_an_unknown_tracker_and_one_named_twice_are_refused(names, refused):
    message = f"^trackers: got '{refused}', allowed: tensorboard, each once$"
    with pytest.raises(InputError, match=message):
        TrainConfig(trackers=names)
