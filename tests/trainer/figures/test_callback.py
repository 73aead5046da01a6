import io
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageColor

from trainer.config import ImageShape, ModelConfig, TrainConfig, TrainerConfig
from trainer.figures.callback import FigureCallback
from trainer.figures.examples import Examples, read_examples
from trainer.figures.scatter import COLORS
from trainer.figures.sheet import MARGIN
from trainer.training.callbacks import History
from trainer.training.trackers import TensorBoard, Trackers

KINDS = ("reconstructions", "samples", "manifold", "scatter")
NAMES = ("bar", "ring")


class Scripted:
    """Stands for a model: codes say which label an image has, images how long it has trained."""

    def __init__(self, conditions=None):
        self.epoch = 0
        self.stop_training = False
        self.conditions = conditions
        self.decoded = []

    def scale(self, images):
        return np.asarray(images) / np.float32(255)

    def condition_of(self, batch):
        return self.conditions

    def encode(self, pixels, condition=None):
        assert (condition is None) == (self.conditions is None)
        brightness = pixels.mean(axis=(1, 2, 3))
        codes = np.stack([4 * brightness - 2, np.full(len(pixels), 2.0)], axis=1)
        return codes.astype(np.float32), np.zeros_like(codes)

    def from_prior(self, noise):
        return noise

    def decode(self, z, condition=None):
        self.decoded.append((np.asarray(z), None if condition is None else np.asarray(condition)))
        return np.full((len(z), 8, 8, 1), min(1.0, self.epoch / 100), np.float32)


def examples():
    images = np.zeros((6, 8, 8, 1), np.uint8)
    images[1::2] = 255
    labels = tuple(NAMES[i % 2] for i in range(6))
    return Examples({"image": images}, labels, NAMES)


def settings(epochs=12, **model):
    family = "cvae" if model.get("condition") else "vae"
    return TrainerConfig(
        image=ImageShape(height=8, width=8),
        model=ModelConfig(family=family, latent_dim=2, **model),
        train=TrainConfig(epochs=epochs),
        labels=NAMES,
    )


def run(folder, model, first, last, *, callback_settings=None, stop_after=None):
    """Epochs `first` to `last` - 1 in a new process's callback, which is not finished."""
    pictures = FigureCallback(
        examples(),
        callback_settings or settings(),
        directory=str(folder / f"shown-{first}"),
        keep=str(folder / "keep"),
        trackers=Trackers([TensorBoard(str(folder / f"logs-{first}"), settings())], History()),
        finished=first,
    )
    pictures.set_model(model)
    for epoch in range(first, last):
        model.epoch = epoch + 1
        model.stop_training = epoch + 1 == stop_after
        pictures.on_epoch_end(epoch)
    return pictures


def epochs_of(pictures, kind):
    names = sorted(Path(pictures.directory).glob(f"{kind}-*.png"))
    return [int(path.stem.split("-")[1]) for path in names]


def shade(path):
    """The grey of the decoded image at the top left of a manifold."""
    return Image.open(path).getpixel((MARGIN + 3, MARGIN + 19))[0]


def test_writes_each_kind_at_the_epochs_of_the_sources_and_at_the_last(tmp_path):
    pictures = run(tmp_path, Scripted(), 0, 14, callback_settings=settings(epochs=14))
    pictures.finish()
    for kind in KINDS:
        assert epochs_of(pictures, kind) == [*range(1, 12), 14]
    first, last = (Path(pictures.directory) / f"manifold-{epoch:06}.png" for epoch in (1, 14))
    assert shade(first) == round(2.55) and shade(last) == round(14 * 2.55)
    for kind in ("manifold", "scatter"):
        gif = Image.open(Path(pictures.directory) / f"{kind}.gif")
        assert gif.n_frames == 12


def test_draws_the_epoch_after_which_training_stops_early(tmp_path):
    pictures = run(
        tmp_path, Scripted(), 0, 13, callback_settings=settings(epochs=90), stop_after=13
    )
    assert epochs_of(pictures, "samples") == [*range(1, 12), 13]


def test_codes_and_samples_are_the_same_in_each_epoch(tmp_path):
    model = Scripted()
    run(tmp_path, model, 0, 2)
    one, two = model.decoded[:3], model.decoded[3:]
    for (z, _), (again, _) in zip(one, two, strict=True):
        assert np.array_equal(z, again)
    assert [len(z) for z, _ in one] == [6, 30, 225]  # reconstructions, samples, the grid


def test_the_scatter_shows_each_label_where_its_codes_are(tmp_path):
    pictures = run(tmp_path, Scripted(), 0, 1)
    picture = Image.open(Path(pictures.directory) / "scatter-000001.png")
    scale, corner = 52, (MARGIN, MARGIN + 16)  # pixels a unit
    for code, color in zip((-2, 2), COLORS, strict=False):
        place = corner[0] + (code + 5) * scale, corner[1] + (5 - 2) * scale
        assert picture.getpixel(place) == ImageColor.getrgb(color)


def test_a_resumed_training_has_the_earlier_pictures_and_whole_animations(tmp_path):
    model = Scripted()
    run(tmp_path, model, 0, 6)  # killed after epoch 6, whose pictures are newer than ...
    pictures = run(tmp_path, model, 5, 12)  # ... the last checkpoint, of epoch 5
    assert epochs_of(pictures, "manifold") == [*range(1, 12), 12]
    pictures.finish()
    undisturbed = run(tmp_path / "other", Scripted(), 0, 12)
    undisturbed.finish()
    for path in Path(undisturbed.directory).glob("*.*"):
        if path.suffix in (".png", ".gif"):
            assert path.read_bytes() == (Path(pictures.directory) / path.name).read_bytes()


def test_pictures_of_epochs_that_are_trained_again_are_not_taken_over(tmp_path):
    run(tmp_path, Scripted(), 0, 6)
    assert epochs_of(run(tmp_path, Scripted(), 4, 4), "scatter") == [1, 2, 3, 4]


def test_finishes_without_an_epoch_where_all_were_trained_before(tmp_path):
    run(tmp_path, Scripted(), 0, 12)
    pictures = run(tmp_path, Scripted(), 12, 12)
    pictures.finish()
    assert Image.open(Path(pictures.directory) / "manifold.gif").n_frames == 12


def test_tensorboard_gets_the_same_pictures(tmp_path):
    pictures = run(tmp_path, Scripted(), 0, 3)
    pictures.trackers.finish()
    (events,) = (tmp_path / "logs-0" / "pictures").glob("events.*")
    found = {}
    for event in tf.compat.v1.train.summary_iterator(str(events)):
        for value in event.summary.value:
            assert value.metadata.plugin_data.plugin_name == "images" or event.step > 1
            width, height, png = tf.make_ndarray(value.tensor)
            found[value.tag, event.step] = png
            assert Image.open(io.BytesIO(png)).size == (int(width), int(height))
    assert set(found) == {(kind, step) for kind in KINDS for step in (1, 2, 3)}
    kept = (Path(pictures.directory) / "samples-000002.png").read_bytes()
    assert found["samples", 2] == kept


def test_a_condition_gets_samples_and_a_manifold_for_each_name(tmp_path):
    told = np.eye(2, dtype=np.float32)[[0, 1] * 3]
    model = Scripted(conditions=told)
    pictures = run(tmp_path, model, 0, 1, callback_settings=settings(condition="label"))
    (_, reconstructed), *others = model.decoded
    # bar, ring, bar, ... : the examples that are shown take turns
    assert reconstructed.tolist() == [[1, 0], [0, 1]] * 3
    codes, conditions = (np.concatenate(each) for each in zip(*others, strict=True))
    assert len(codes) == len(conditions) == 2 * 10 + 2 * 225
    shown = np.split(codes, [10, 20, 245]), np.split(conditions, [10, 20, 245])
    for z, condition, wanted in zip(*shown, [[1, 0], [0, 1]] * 2, strict=True):
        assert (condition == wanted).all() and len(np.unique(z, axis=0)) == len(z)
    assert np.array_equal(codes[:10], codes[10:20])  # the same codes under each
    assert np.array_equal(codes[20:245], codes[245:])
    plain = run(tmp_path / "plain", Scripted(), 0, 1)
    sizes = [
        Image.open(Path(each.directory) / "scatter-000001.png").size for each in (pictures, plain)
    ]
    assert sizes[0] != sizes[1]  # a panel for each label


def test_examples_are_the_first_of_the_split_with_their_words(prepared):
    found = read_examples(prepared.source("eval"), ("bar", "ring"))
    assert np.array_equal(found.images, prepared.images["eval"])
    assert found.labels[:3] == ("ring", "bar", "ring")
    assert found.names == ("bar", "ring")


def test_examples_without_words(prepared):
    found = read_examples(prepared.source("eval"), ())
    assert found.labels == ("",) * 20
    assert set(found.batch) == {"image"}


@pytest.mark.parametrize("name", ["manifold.gif", "events.out", "manifold-1.png", ".part"])
def test_other_files_in_the_way_are_left_alone(tmp_path, name):
    (tmp_path / "keep").mkdir()
    (tmp_path / "keep" / name).write_bytes(b"?")
    assert epochs_of(run(tmp_path, Scripted(), 2, 2), "manifold") == []
