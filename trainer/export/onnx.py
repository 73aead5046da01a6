"""The decoder as ONNX, for programs without TensorFlow.

One file beside the SavedModel: inputs `z` float32 [batch, latent_dim], and `condition` float32
[batch, names] where the model takes one; output `image` float32 [batch, height, width, channels]
in [0, 1]. model.json is in its metadata under `description`.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import tensorflow as tf

DECODER_ONNX = os.path.join("assets.extra", "decoder.onnx")
OPSET = 18
TOLERANCE = 1e-4  # of pixels in [0, 1]; float32 on both sides leaves about 1e-6
_CODES = 8  # compared


def export_onnx(decode: Any, metadata: dict[str, Any], directory: str) -> float:
    """Writes the ONNX file into the directory of a SavedModel, once it agrees with the original.

    decode: a tf.function with an input signature, the SavedModel's `decode`.

    Returns:
      The largest difference of a pixel, over random codes.

    Raises:
      RuntimeError: where it is above `TOLERANCE`: nothing is written then.
    """
    import tf2onnx  # a second of imports that only an export needs

    specs = list(decode.input_signature)
    proto, _ = tf2onnx.convert.from_function(decode, input_signature=specs, opset=OPSET)
    entry = proto.metadata_props.add()
    entry.key, entry.value = "description", json.dumps(metadata, ensure_ascii=False)
    content = proto.SerializeToString()
    difference = _difference(content, decode, specs)
    if not difference <= TOLERANCE:  # NaN is refused, too
        raise RuntimeError(
            f"the ONNX decoder differs from the SavedModel by {difference:.2g}, "
            f"allowed: at most {TOLERANCE:g}"
        )
    path = os.path.join(directory, DECODER_ONNX)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(content)
    return difference


def _difference(content: bytes, decode: Any, specs: list[tf.TensorSpec]) -> float:
    """Returns the largest difference of a pixel between the file and `decode`."""
    import onnxruntime

    generator = np.random.default_rng(0)
    inputs = {spec.name: generator.normal(size=(_CODES, spec.shape[1])) for spec in specs}
    inputs = {name: values.astype(np.float32) for name, values in inputs.items()}
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (image,) = session.run(["image"], inputs)
    expected = decode(**{name: tf.constant(values) for name, values in inputs.items()})["image"]
    return float(np.abs(image - expected.numpy()).max())
