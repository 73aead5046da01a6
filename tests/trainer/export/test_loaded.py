import keras
import numpy as np
import pytest

from trainer.config import ImageShape, ModelConfig, TrainerConfig
from trainer.data.records import Records, to_pixels
from trainer.export.loaded import LoadedDecoder, LoadedModel, encode_condition
from trainer.export.metadata import read_metadata
from trainer.export.saved_model import export_decoder, export_full_model
from trainer.models.registry import build_model

LABEL = {"condition": {"kind": "label", "names": ["bar", "ring"]}}
ATTRIBUTES = {"condition": {"kind": "attributes", "names": ["wide", "tall", "old"]}}


@pytest.fixture(scope="module")
def exported(prepared, tmp_path_factory):
    """A conditional model that takes the label, with its two directories."""
    folder = tmp_path_factory.mktemp("exported")
    config = TrainerConfig(
        image=ImageShape(height=8, width=8),
        model=ModelConfig(family="cvae", condition="label", latent_dim=3),
        labels=("bar", "ring"),
    )
    keras.utils.set_random_seed(0)
    model = build_model(config)
    random = np.random.default_rng(0)
    model.set_weights([w + random.normal(0, 0.1, w.shape) for w in model.get_weights()])
    export_decoder(model, str(folder / "decoder"))
    export_full_model(model, prepared.transform, str(folder / "full"))
    return model, folder


@pytest.fixture(scope="module")
def decoder(exported):
    return LoadedDecoder(str(exported[1] / "decoder"))


def test_a_label_is_one_hot_and_an_unknown_one_is_all_zeros():
    condition = encode_condition(LABEL, ["ring", "", "bar"], np.zeros((3, 0)))
    assert condition.dtype == np.float32
    assert condition.tolist() == [[0, 1], [0, 0], [1, 0]]


def test_attributes_are_the_condition_as_they_are():
    condition = encode_condition(ATTRIBUTES, ["", ""], np.array([[1, 0, 1], [0, 0, 1]]))
    assert condition.dtype == np.float32 and condition.tolist() == [[1, 0, 1], [0, 0, 1]]


def test_an_unconditional_model_has_no_condition():
    assert encode_condition({"condition": None}, ["bar"], np.zeros((1, 0))) is None


def test_it_knows_its_metadata(exported, decoder):
    assert decoder.metadata == read_metadata(str(exported[1] / "decoder"))
    assert (decoder.latent_dim, decoder.conditions) == (3, ("bar", "ring"))
    assert decoder.by_label and decoder.has_prior


def test_images_are_decoded_under_one_condition_or_one_each(exported, decoder):
    codes = np.random.default_rng(1).normal(size=(300, 3)).astype(np.float32)
    ring = np.array([0.0, 1.0])
    images = decoder.decode(codes, ring)
    assert np.array_equal(images, decoder.decode(codes, np.tile(ring, (300, 1))))
    expected = to_pixels(
        np.asarray(exported[0].decode(codes, np.tile(ring, (300, 1)).astype("f4")))
    )
    assert np.abs(images.astype(int) - expected).max() <= 1  # of float32 in other batches
    assert not np.array_equal(images, decoder.decode(codes, np.array([1.0, 0.0])))


def test_each_batch_of_samples_has_the_next_seed(decoder):
    ring = np.array([0.0, 1.0])
    images = decoder.sample(5, 7, ring, batch_size=3)
    assert np.array_equal(images[:3], decoder.sample(3, 7, ring))
    assert np.array_equal(images[3:], decoder.sample(2, 8, ring))


def test_images_are_encoded_and_scored_as_by_the_model(prepared, exported):
    model, folder = exported
    pixels = prepared.images["eval"]
    labels = ["bar", "ring"] * len(pixels)
    records = Records(
        [b"%d" % i for i in range(len(pixels))],
        labels[: len(pixels)],
        pixels,
        np.zeros((len(pixels), 0), np.int64),
    )
    loaded = LoadedModel(str(folder / "full"))
    assert loaded.can_score
    condition = encode_condition(loaded.metadata, records.labels, records.attributes)
    z_mean, z_log_var = loaded.encode(records)
    expected = model.encode(model.scale(pixels), condition)
    assert z_mean == pytest.approx(np.asarray(expected[0]), abs=1e-4)
    assert z_log_var == pytest.approx(np.asarray(expected[1]), abs=1e-4)
    batch = loaded.score(records, np.zeros_like(z_mean))
    assert batch.records is records and np.allclose(batch.z_mean, z_mean, atol=1e-5)
    assert batch.reconstruction_loss == pytest.approx(
        -loaded.log_likelihood(records, z_mean), rel=1e-4
    )
