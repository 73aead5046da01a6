"""The verdict on models that were really trained, well and badly, on procedural drawings; and
directions that are known, on procedural faces."""

import shutil
import types
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.linear_model import Ridge

from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from data_prep import features
from data_prep.config import PrepConfig
from data_prep.job.prepare import prepare
from data_prep.manifest import read_manifest
from data_prep.synthetic.drawings import FACTORS_FILE, write_drawings
from data_prep.synthetic.faces import ATTRIBUTES_FILE, read_factors, write_faces
from trainer.config import FeatureNetworkConfig, ImageShape, ModelConfig, TrainConfig, TrainerConfig
from trainer.data.records import read_records
from trainer.export.saved_model import export_decoder, export_full_model
from trainer.measures.feature_network import Task, export_feature_network, train_feature_network
from trainer.models.registry import build_model

pytestmark = pytest.mark.slow

SIDE = 16
CONFIG = EvaluationConfig(samples=400, resamples=50, projections=16, iw_samples=5, iw_images=64)


class Untransformed:
    """A transform graph that changes nothing."""

    def transform_features_layer(self):
        return lambda raw: raw

    def raw_feature_spec(self):
        return {features.IMAGE: tf.io.FixedLenFeature([], tf.string)}


def images_of(data, split, shape):
    shards = sorted(str(path) for path in Path(data, f"Split-{split}").glob("*.gz"))
    found = list(read_records(shards, shape))
    return np.concatenate([records.images for records in found]), found


def keep_first(folder, count):
    """Leaves the first `count` images of a split, those of `images_of`, in its first shard."""
    shards = sorted(str(path) for path in folder.glob("*.gz"))
    records = tf.data.TFRecordDataset(shards, compression_type="GZIP").take(count)
    kept = list(records.as_numpy_iterator())
    for shard in shards:
        Path(shard).unlink()
    with tf.io.TFRecordWriter(shards[0], "GZIP") as writer:
        for record in kept:
            writer.write(record)


def train(folder, images, *, steps, channels=1, **model):
    """Writes both SavedModels of a VAE that saw `steps` batches of 32 of these images."""
    settings = TrainerConfig(
        image=ImageShape(height=SIDE, width=SIDE, channels=channels),
        model=ModelConfig(architecture="dense_512", **model),
        train=TrainConfig(seed=1),
    )
    keras.utils.set_random_seed(1)
    vae = build_model(settings)
    if steps:
        rng = np.random.default_rng(0)
        order = rng.integers(0, len(images), (steps, 32))
        batches = tf.data.Dataset.from_tensor_slices(order).map(
            lambda rows: {"image": tf.gather(tf.constant(images), rows)}
        )
        vae.compile(keras.optimizers.Adam(1e-3))
        vae.fit(batches, verbose=0)
    export_decoder(vae, str(folder / "Format-Serving"))
    export_full_model(vae, Untransformed(), str(folder / "Format-TFMA"))
    return str(folder)


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    """Prepared drawings, the factors they were made of, and an extractor."""
    folder = tmp_path_factory.mktemp("drawings")
    write_drawings(str(folder / "raw"), per_word=200, seed=0)
    options = PrepConfig(source="quickdraw", image_size=SIDE, rasterizer="official")
    data = str(folder / "data")
    prepare(options, [f"{folder}/raw/*.bin"], data)
    images, records = images_of(data, "train", (SIDE, SIDE, 1))
    labels = read_manifest(data).labels
    targets = np.array([labels.index(label) for each in records for label in each.labels])
    task = Task(images, "label", targets, len(labels))
    network = train_feature_network(task, FeatureNetworkConfig(steps=150))
    facts = {"kind": "label", "names": list(labels)}
    export_feature_network(network, str(folder / "extractor"), facts)
    return types.SimpleNamespace(
        data=data,
        images=images,
        extractor=str(folder / "extractor"),
        factors=str(folder / "raw" / FACTORS_FILE),
    )


@pytest.fixture(scope="module")
def good(drawings, tmp_path_factory):
    return train(tmp_path_factory.mktemp("good"), drawings.images, steps=800, latent_dim=8)


def test_a_good_model_and_an_equal_one_are_blessed(tmp_path, evaluate, drawings, good):
    config = EvaluationConfig(**{**vars(CONFIG), "factors": drawings.factors})
    outcome = evaluate(
        tmp_path, drawings.data, good, config, baseline=good, extractor=drawings.extractor
    )
    assert outcome.read("blessing.json")["blessed"], outcome.reasons
    found = outcome.read("metrics.json")
    candidate = found["candidate"]
    assert candidate == found["baseline"]
    assert 0 < candidate["iw_gain"] < 10
    assert candidate["cfid_reconstructions"] < candidate["cfid_samples"]
    low, high = candidate["cfid_samples_interval"]
    assert 0 < low < candidate["cfid_samples"] < high
    assert sum(share["sampled"] for share in candidate["classes"].values()) == pytest.approx(1)
    assert candidate["disentanglement"]["factors"] == ["word", "slant", "size", "jitter", "strokes"]
    assert 0 < candidate["disentanglement"]["dci"]["informativeness"] <= 1
    assert len(candidate["latent_normality"]["ks_statistic"]) == 8


@pytest.mark.parametrize(
    ("steps", "model", "words"),
    [
        (0, {"latent_dim": 8}, "of a constant mean image's error (at most 80.0%)"),
        (300, {"latent_dim": 8, "beta": 300.0}, "posterior collapse: 0 of 8 latent dimensions"),
    ],
    ids=["untrained", "collapsed"],
)
def test_an_untrained_and_a_collapsed_model_are_refused(
    tmp_path, evaluate, drawings, steps, model, words
):
    path = train(tmp_path / "model", drawings.images, steps=steps, **model)
    outcome = evaluate(tmp_path, drawings.data, path, CONFIG, extractor=drawings.extractor)
    assert not outcome.read("blessing.json")["blessed"]
    assert any(words in reason for reason in outcome.reasons), outcome.reasons


def test_a_model_that_knows_fifty_images_by_heart_is_refused(tmp_path, evaluate, drawings):
    """Its samples keep to the images that it has seen, though they are no copies, and new images
    gain little by it: each refuses it, and nothing else would."""
    path = train(tmp_path / "model", drawings.images[:50], steps=1000, latent_dim=8)
    data = tmp_path / "data"
    shutil.copytree(drawings.data, data)
    keep_first(data / "Split-train", 50)
    outcome = evaluate(tmp_path, str(data), path, CONFIG, extractor=drawings.extractor)
    assert not outcome.read("blessing.json")["blessed"]
    nearer, gap = outcome.reasons
    assert "of samples are nearer to a training image than" in nearer
    assert "is learned by heart" in gap


# Some of the factors that faces are drawn from: (column, value) by attribute.
TRAITS = {
    "Blond_Hair": ("hair", "blond"), "Black_Hair": ("hair", "black"), "Gray_Hair": ("hair", "gray"),
    "Male": ("sex", "male"), "Pale_Skin": ("skin", "pale"), "Smiling": ("smiling", "yes"),
    "Young": ("age", "young"), "Bangs": ("bangs", "yes"), "Chubby": ("build", "chubby"),
    "Receding_Hairline": ("hairline", "receding"), "Big_Nose": ("nose", "big"),
}  # fmt: skip


def test_known_directions_of_faces_are_recovered_and_change_what_they_name(tmp_path, evaluate):
    """The vectors, of the training split, against class means by plain numpy over all faces, the
    classes taken from the factors that the faces were drawn from. Then held-out faces moved along
    them, before a probe of the factors that was fitted on real faces."""
    count = 1200
    folder = tmp_path / "faces"
    write_faces(str(folder), count=count, seed=0)
    options = PrepConfig(
        source="celeba", image_size=SIDE, crop=148, attributes=str(folder / ATTRIBUTES_FILE)
    )
    data = str(tmp_path / "data")
    prepare(options, [str(folder / "img_align_celeba" / "*.jpg")], data)
    shape = (SIDE, SIDE, 3)
    images, _ = images_of(data, "train", shape)
    path = train(tmp_path / "model", images, steps=600, channels=3, latent_dim=8,
                 reconstruction="gaussian", sigma=0.1)  # fmt: skip
    outcome = evaluate(tmp_path, data, path, CONFIG)
    vectors = AttributeVectors.load(outcome.vectors.uri)

    model = tf.saved_model.load(str(tmp_path / "model" / "Format-TFMA"))
    factors = read_factors(str(folder))
    level = dict(zip(factors["image_id"].tolist(), range(count), strict=True))

    def read(split):
        """(codes, values of TRAITS, pixels in [0, 1]) of its faces."""
        pixels, batches = images_of(data, split, shape)
        encode = model.signatures["encode"]
        raw = [[image.tobytes() for image in batch.images] for batch in batches]
        codes = [encode(image=tf.constant(images))["z_mean"].numpy() for images in raw]
        rows = [level[key.decode()] for batch in batches for key in batch.keys]
        values = [factors[column][rows] == value for column, value in TRAITS.values()]
        return np.concatenate(codes), np.stack(values, axis=1), pixels.reshape(len(rows), -1) / 255

    parts = [read(split) for split in ("train", "eval", "test")]
    z, has = (np.concatenate(arrays) for arrays in list(zip(*parts, strict=True))[:2])
    probe = Ridge(alpha=100).fit(parts[0][2], parts[0][1])
    held_out, _, pixels = parts[2]
    spread = probe.predict(pixels).std(axis=0)
    decode = tf.saved_model.load(str(tmp_path / "model" / "Format-Serving")).signatures["decode"]

    def seen(codes):
        images = decode(z=tf.constant(codes.astype(np.float32)))["image"].numpy()
        return probe.predict(images.reshape(len(images), -1)).mean(axis=0) / spread

    for name in ("Blond_Hair", "Male", "Pale_Skin"):
        which = list(TRAITS).index(name)
        true = z[has[:, which]].mean(axis=0) - z[~has[:, which]].mean(axis=0)
        found = vectors.vectors[vectors.names.index(name)]
        length = np.linalg.norm(found)
        cosine = true @ found / np.linalg.norm(true) / length
        assert cosine > 0.95, (name, cosine)
        assert vectors.auc_low[vectors.names.index(name)] > 0.5
        change = seen(held_out + 2 * found / length) - seen(held_out)
        assert np.abs(change).argmax() == which and change[which] > 0.5, (name, change)
