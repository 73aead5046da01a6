"""The decoder that is pushed where there are attribute vectors, on a decoder whose pixels are z."""

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from tfx.types import standard_artifacts

from components.artifacts import LatentVectors
from components.decoder_pusher.component import Executor
from components.decoder_pusher.edit_signature import assemble, is_made_of
from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from components.latent_evaluator.vectors.edits import directions
from trainer.export.metadata import VECTORS_FILE

VECTORS = {"young": [3.0, 0, 0], "smiling": [0, 2.0, 0], "blurry": [np.nan] * 3, "bar": [0, 0, 4.0]}
FACTS = {"family": "vae", "latent_dim": 3, "condition": None}


class Linear(tf.Module):
    """decode: image[0, :, 0] is weight * z, and a condition is added to its first pixel."""

    def __init__(self, told):
        super().__init__()
        self.weight = tf.Variable(0.5)
        more = [tf.TensorSpec([None, 2], tf.float32, "condition")] if told else []

        def decode(z, condition=None):
            pixels = self.weight * z
            if condition is not None:
                pixels += tf.pad(condition[:, :1], [[0, 0], [0, 2]])
            return {"image": pixels[:, None, :, None]}

        def sample(count, seed, condition=None):
            z = tf.random.stateless_normal([count, 3], tf.stack([seed, 0]), alg="philox")
            return decode(z, condition)

        z = tf.TensorSpec([None, 3], tf.float32, "z")
        count, seed = tf.TensorSpec([], tf.int32, "count"), tf.TensorSpec([], tf.int64, "seed")
        decode = tf.function(decode, input_signature=[z, *more])
        self.named = {
            "serving_default": decode,
            "decode": decode,
            "sample": tf.function(sample, input_signature=[count, seed, *more]),
        }


def write_decoder(directory, told=(), **facts):
    module = Linear(bool(told))
    tf.saved_model.save(module, str(directory), signatures=module.named)
    extra = directory / "assets.extra"
    extra.mkdir()
    condition = {"kind": "label", "names": list(told)} if told else None
    (extra / "model.json").write_text(json.dumps({**FACTS, "condition": condition, **facts}))
    (extra / "decoder.onnx").write_bytes(b"onnx")
    return str(directory)


def make_vectors(**changed):
    found = {**VECTORS, **changed}
    table = np.array(list(found.values()), np.float32)
    some = np.ones(len(found))
    return AttributeVectors(
        names=tuple(found),
        kinds=("attribute",) * 3 + ("label",),
        positive=np.full(len(found), 5),
        negative=np.full(len(found), 5),
        vectors=table,
        standard_error=np.zeros_like(table, np.float64),
        norm=np.linalg.norm(table, axis=1),
        norm_corrected=some,
        auc=some,
        auc_low=some,
        auc_high=some,
        accuracy=some,
        cosine=np.eye(len(found)),
        orthogonalised={"young": (("smiling", "bar"), np.float32([0, 0.6, 0.8]) * 7)},
        split="train",
        held_out="test",
        model="m",
        data="d",
    )


@pytest.fixture(scope="module")
def pushed(tmp_path_factory):
    """The trained decoder and the one to push."""
    folder = tmp_path_factory.mktemp("decoders")
    decoder = write_decoder(folder / "trained")
    assemble(decoder, make_vectors(), str(folder / "pushed"))
    return decoder, folder / "pushed"


def edit(loaded, z, attribute, strength, **told):
    found = loaded.signatures["edit"](
        z=tf.constant(z, tf.float32),
        attribute=tf.constant(attribute),
        strength=tf.constant(strength, tf.float32),
        **told,
    )
    return found["image"].numpy()[:, 0, :, 0]


def test_an_edit_moves_the_code_along_the_unit_vector(pushed):
    loaded = tf.saved_model.load(str(pushed[1]))
    z = np.float32([[1, 2, 3], [4, 5, 6]])
    young, smiling, bar = np.eye(3, dtype=np.float32)
    assert edit(loaded, z, "young", 2.0) == pytest.approx((z + 2 * young) / 2)
    assert edit(loaded, z, "smiling", [-4.0, 1.0]) == pytest.approx(
        (z + np.stack([-4 * smiling, smiling])) / 2
    )
    assert edit(loaded, z, ["bar", "young"], 1.0) == pytest.approx((z + np.stack([bar, young])) / 2)
    found = edit(loaded, z, "young without smiling, bar", 10.0)
    assert found == pytest.approx((z + 6 * smiling + 8 * bar) / 2)


def test_a_name_that_is_not_there_is_refused_with_those_that_are(pushed):
    loaded = tf.saved_model.load(str(pushed[1]))
    for name in ("blurry", "Young", ""):
        with pytest.raises(tf.errors.InvalidArgumentError, match="allowed: young, smiling, bar"):
            edit(loaded, np.zeros((1, 3)), name, 1.0)


def test_the_other_signatures_are_the_trained_decoders(pushed):
    decoder, directory = pushed
    trained, loaded = tf.saved_model.load(decoder), tf.saved_model.load(str(directory))
    assert set(loaded.signatures) == {"serving_default", "decode", "sample", "edit"}
    z = tf.constant([[1.0, 2, 3]])
    for name in ("serving_default", "decode"):
        image = loaded.signatures[name](z=z)["image"].numpy()
        assert image == pytest.approx(trained.signatures[name](z=z)["image"].numpy())
    given = {"count": tf.constant(4), "seed": tf.constant(7, tf.int64)}
    drawn = loaded.signatures["sample"](**given)["image"].numpy()
    assert np.array_equal(drawn, trained.signatures["sample"](**given)["image"].numpy())
    assert drawn.std() > 0.1


def test_names_and_vectors_are_an_asset(pushed):
    loaded = tf.saved_model.load(str(pushed[1]))
    path = loaded.attribute_vectors.asset_path.numpy().decode()
    assert path == str(pushed[1] / "assets" / VECTORS_FILE)
    with open(path, encoding="utf-8") as file:
        table = json.load(file)
    assert table["names"] == ["young", "smiling", "bar", "young without smiling, bar"]
    assert table["vectors"][:3] == [VECTORS["young"], VECTORS["smiling"], VECTORS["bar"]]
    assert np.linalg.norm(table["steps"], axis=1) == pytest.approx(1)
    described = json.loads((pushed[1] / "assets.extra" / "model.json").read_text())
    assert described == {**FACTS, "edits": table["names"]}
    assert (pushed[1] / "assets.extra" / "decoder.onnx").read_bytes() == b"onnx"


def test_a_conditional_model_is_told_in_an_edit_but_does_not_edit_what_it_is_told(tmp_path):
    decoder = write_decoder(tmp_path / "trained", told=("bar", "ring"), family="cvae")
    assemble(decoder, make_vectors(), str(tmp_path / "pushed"))
    loaded = tf.saved_model.load(str(tmp_path / "pushed"))
    found = edit(loaded, np.zeros((1, 3)), "young", 2.0, condition=tf.constant([[0.5, 0.5]]))
    assert found[0] == pytest.approx([1.5, 0, 0])
    with pytest.raises(tf.errors.InvalidArgumentError):
        edit(loaded, np.zeros((1, 3)), "bar", 1.0, condition=tf.constant([[0.5, 0.5]]))


def test_without_a_prior_a_step_is_half_of_the_vector():
    steps = directions(make_vectors(), {**FACTS, "family": "ae"})
    assert steps["young"] == pytest.approx([1.5, 0, 0])
    assert "blurry" not in steps


def test_it_is_known_again_until_something_differs(pushed, tmp_path):
    decoder, directory = pushed
    vectors = make_vectors()
    assert is_made_of(str(directory), decoder, vectors)
    assert not is_made_of(decoder, decoder, vectors)
    nearly = dataclasses.replace(vectors, vectors=vectors.vectors * np.float32(1 + 1e-6))
    assert is_made_of(str(directory), decoder, nearly)
    assert not is_made_of(str(directory), decoder, make_vectors(young=[3.0, 0.1, 0]))
    assert not is_made_of(str(directory), decoder, make_vectors(blurry=[1.0, 0, 0]))
    other = write_decoder(tmp_path / "other", latent_dim=4)
    assert not is_made_of(str(directory), other, vectors)


def artifact(kind, folder):
    made = kind()
    made.uri = str(folder)
    os.makedirs(folder, exist_ok=True)
    return made


def test_the_pusher_pushes_it_once(tmp_path):
    def push(number, **vectors):
        folder = tmp_path / f"run-{number}"
        write_decoder(folder / "model" / "Format-Serving")
        if number:  # the very same model again
            os.rename(tmp_path / "kept", folder / "kept")
            os.rename(folder / "model", folder / "other")
            os.rename(folder / "kept", folder / "model")
        make_vectors(**vectors).save(str(folder / "vectors"))
        blessing = artifact(standard_artifacts.ModelBlessing, folder / "blessing")
        blessing.set_int_custom_property("blessed", 1)
        result = artifact(standard_artifacts.PushedModel, folder / "pushed")
        destination = {"filesystem": {"base_directory": str(tmp_path / "serving")}}
        Executor().Do(
            {
                "model": [artifact(standard_artifacts.Model, folder / "model")],
                "model_blessing": [blessing],
                "attribute_vectors": [artifact(LatentVectors, folder / "vectors")],
            },
            {"pushed_model": [result]},
            {"push_destination": json.dumps(destination)},
        )
        os.rename(folder / "model", tmp_path / "kept")
        return result

    def versions():
        return sorted(os.listdir(tmp_path / "serving"))

    first, again = push(0), push(1)
    assert len(versions()) == 1
    for result in (first, again):
        assert result.get_string_custom_property("pushed_version") == versions()[0]
        assert "edit" in tf.saved_model.load(result.uri).signatures
    push(2, young=[0, 1.0, 1.0])
    assert len(versions()) == 2
    os.remove(tmp_path / "serving" / versions()[1] / "saved_model.pb")  # cut short
    push(3, young=[0, 1.0, 1.0])
    assert len(versions()) == 3
    assert "edit" in tf.saved_model.load(str(tmp_path / "serving" / versions()[2])).signatures


ELSEWHERE = """
import sys
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
image = loaded.signatures["edit"](
    z=tf.zeros([2, 3]), attribute=tf.constant("smiling"), strength=tf.constant(3.0)
)["image"]
assert not {"trainer", "components", "keras.src.models", "tfx"} & set(sys.modules)
print(image.numpy()[0, 0, 1, 0])
"""


@pytest.mark.slow
def test_it_edits_with_tensorflow_alone(pushed, tmp_path):
    result = subprocess.run(
        [sys.executable, "-I", "-c", ELSEWHERE, str(pushed[1])],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) == 1.5
