"""The data of the parity runs: prepared by `latentforge prep`, then arrays in memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from data_prep import features
from data_prep.layout import MANIFEST, shard_glob
from data_prep.manifest import read_manifest

PREPARATIONS = {
    "mnist": ["idx", "--input", "mnist", "--split-by", "partition"],
    # Bitmaps of 28x28 with a border of 2: the sources' own drawings are not at hand.
    "cats": ["quickdraw", "--input", "quickdraw/numpy_bitmap/cat.npy", "--image-size", "32",
             "--split-by", "key"],
    "words": ["quickdraw", "--input", "quickdraw/numpy_bitmap/*.npy", "--image-size", "32"],
    "celeba": ["celeba", "--input", "celeba/img_align_celeba.zip", "--attributes",
               "celeba/list_attr_celeba.txt", "--identities", "celeba/identity_CelebA.txt",
               "--image-size", "64"],
}  # fmt: skip
# The splits to train on and to look at. The sources validate on MNIST's own test part.
SPLITS = {"mnist": (("train", "eval"), "test")}


class Images(NamedTuple):
    """images: uint8 [n, height, width, channels]; labels: int [n], -1 where there is none."""

    images: np.ndarray
    labels: np.ndarray


class Data(NamedTuple):
    """labels: sorted words, whose positions Images.labels holds."""

    train: Images
    held_out: Images
    labels: tuple[str, ...]


def raw_data() -> Path:
    """The folder of real data, or the end of the program."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("LATENTFORGE_TEST_DATA", beside))
    if not folder.is_dir():
        sys.exit(f"parity: no data in {folder}; LATENTFORGE_TEST_DATA may name another folder")
    return folder


def load(name: str, folder: Path) -> Data:
    """Prepares the data set once below `folder`, and reads it."""
    output = folder / name
    if not (output / MANIFEST).exists():
        root = raw_data()
        command = [Path(sys.executable).with_name("latentforge"), "prep"]
        command += [f"{root}/{each}" if "/" in each or each == "mnist" else each
                    for each in PREPARATIONS[name]]  # fmt: skip
        subprocess.run([*map(str, command), "--output", str(output)], check=True)
    manifest = read_manifest(str(output))
    shape = (manifest.image.height, manifest.image.width, manifest.image.channels)
    trained, looked_at = SPLITS.get(name, (("train",), "eval"))
    parts = [_read(output, split, shape, manifest.labels) for split in (*trained, looked_at)]
    return Data(join(parts[:-1]), parts[-1], manifest.labels)


def join(parts: Sequence[Images]) -> Images:
    return Images(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _read(folder: Path, split: str, shape: tuple[int, ...], labels: tuple[str, ...]) -> Images:
    files = sorted(map(str, folder.glob(shard_glob(split))))
    spec = {
        features.IMAGE: tf.io.FixedLenFeature([], tf.string),
        features.LABEL: tf.io.FixedLenFeature([], tf.string, default_value=""),
    }
    records = tf.data.TFRecordDataset(files, compression_type="GZIP").batch(1024)
    pixels: list[bytes] = []
    words: list[str] = []
    for batch in records.map(lambda serialized: tf.io.parse_example(serialized, spec)):
        pixels.append(b"".join(batch[features.IMAGE].numpy().tolist()))
        words.extend(word.decode() for word in batch[features.LABEL].numpy())
    images = np.frombuffer(b"".join(pixels), np.uint8).reshape(-1, *shape)
    positions = {word: i for i, word in enumerate(labels)}
    return Images(images, np.array([positions.get(word, -1) for word in words], np.int32))
