"""The baseline: the obvious Beam pipeline, one element a drawing.

Reads a `.bin` with struct, draws with Pillow, builds a tf.Example in Python and writes
gzip TFRecords with Beam's own writer, as a first version of such a job would.
"""

from __future__ import annotations

import glob
import os
import struct
import sys

import apache_beam as beam
import numpy as np
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from PIL import Image, ImageDraw

SIDE = 28


def read_drawings(path):
    """Yields (word, key_id, country, recognized, timestamp, strokes)."""
    word = os.path.splitext(os.path.basename(path))[0]
    with open(path, "rb") as stream:
        while header := stream.read(15):
            key_id, country, recognized, timestamp = struct.unpack("<Q2sBI", header)
            (count,) = struct.unpack("<H", stream.read(2))
            strokes = []
            for _ in range(count):
                (points,) = struct.unpack("<H", stream.read(2))
                x = struct.unpack(f"{points}B", stream.read(points))
                y = struct.unpack(f"{points}B", stream.read(points))
                strokes.append(list(zip(x, y, strict=True)))
            yield word, key_id, country, recognized, timestamp, strokes


def draw(strokes, side: int = SIDE) -> np.ndarray:
    image = Image.new("L", (side, side))
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        pen.line([(x * side / 256, y * side / 256) for x, y in stroke], fill=255, width=2)
    return np.asarray(image)


def to_example(drawing) -> bytes:
    import tensorflow as tf

    word, key_id, country, recognized, timestamp, strokes = drawing
    image = draw(strokes)

    def of_bytes(value):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    def of_floats(value):
        return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))

    def of_ints(value):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))

    feature = {
        "image": of_bytes(image.tobytes()),
        "key": of_bytes(str(key_id).encode()),
        "label": of_bytes(word.encode()),
        "image_mean": of_floats(image.mean()),
        "image_std": of_floats(image.std()),
        "ink": of_floats((image > 127).mean()),
        "countrycode": of_bytes(country),
        "recognized": of_ints(recognized),
        "timestamp": of_ints(timestamp),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def run(pattern: str, output: str) -> None:
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        _ = (
            pipeline
            | beam.Create(sorted(glob.glob(pattern)))
            | beam.FlatMap(read_drawings)
            | beam.Map(to_example)
            | beam.io.WriteToTFRecord(os.path.join(output, "examples"), file_name_suffix=".gz")
        )


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2])
