import json

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf

from trainer.config import ImageShape, ModelConfig, TrainerConfig
from trainer.export.onnx import DECODER_ONNX, export_onnx
from trainer.export.saved_model import export_decoder, model_metadata
from trainer.models.registry import build_model


def session(directory):
    return onnxruntime.InferenceSession(
        str(directory / DECODER_ONNX), providers=["CPUExecutionProvider"]
    )


@pytest.mark.parametrize("condition", ["none", "label"])
def test_the_onnx_decoder_is_the_saved_model_at_any_batch_size(tmp_path, condition):
    family = "vae" if condition == "none" else "cvae"
    settings = TrainerConfig(
        image=ImageShape(height=8, width=8),
        model=ModelConfig(family=family, condition=condition, latent_dim=3),
        labels=("bar", "ring"),
    )
    keras.utils.set_random_seed(0)
    model = build_model(settings)
    random = np.random.default_rng(0)
    model.set_weights([w + random.normal(0, 0.1, w.shape) for w in model.get_weights()])
    export_decoder(model, str(tmp_path))

    decoder = tf.saved_model.load(str(tmp_path))
    found = session(tmp_path)
    for count in (1, 5):
        given = {"z": random.normal(size=(count, 3)).astype(np.float32)}
        if condition == "label":
            given["condition"] = np.tile(np.float32([[0.25, 0.75]]), (count, 1))
        assert {entry.name for entry in found.get_inputs()} == set(given)
        (image,) = found.run(["image"], given)
        expected = decoder.signatures["decode"](
            **{name: tf.constant(values) for name, values in given.items()}
        )["image"].numpy()
        assert image.shape == (count, 8, 8, 1)
        assert image == pytest.approx(expected, abs=1e-5)
        assert expected.std() > 0.01
    metadata = found.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["description"]) == model_metadata(model)
    onnx.checker.check_model(str(tmp_path / DECODER_ONNX), full_check=True)


def test_a_copy_that_differs_is_refused_and_not_written(tmp_path):
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "z")])
    def decode(z):
        return {"image": tf.random.uniform([tf.shape(z)[0], 4])}

    with pytest.raises(RuntimeError, match=r"differs from the SavedModel by 0\.\d+, allowed"):
        export_onnx(decode, {}, str(tmp_path))
    assert not list(tmp_path.iterdir())
