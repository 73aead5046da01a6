"""The gates against memorisation: how often they refuse a model that generalises, and one that
does not.

Run: python benchmarks/memorisation.py [--mnist FOLDER] [--repeats N] [--seeds N]

Images are the procedural drawings of the preset `sample` and, where FOLDER has its IDX files,
MNIST. "Samples" are, first, real images that stand for a model without fault, and training images
altered as a model might alter them; each repetition draws other training, held-out and sampled
images. Then samples of dense VAEs of 8 latent dimensions, trained on 50, 500 and 5,000 images. Two
tables in Markdown for docs/evaluation.md; half an hour on one core.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import keras
import numpy as np
import tensorflow as tf

from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.bootstrap import resample_counts
from components.latent_evaluator.metrics.generalisation import train_gap_of
from components.latent_evaluator.metrics.memorisation import TrainingNeighbours, TrainingSearch
from data_prep.config import PrepConfig
from data_prep.job.prepare import prepare
from data_prep.synthetic.drawings import write_drawings
from trainer.config import ImageShape, ModelConfig, TrainConfig, TrainerConfig
from trainer.data.records import read_records, to_pixels
from trainer.models.registry import build_model

CONFIG = EvaluationConfig()
LATENT, BATCH = 8, 50
STEPS = {50: 600, 500: 2000, 5000: 3000}  # of training, by the number of images
SIZES = ((50, 50), (500, 500), (5000, 500), (5000, 5000))  # training, held out
SAMPLES = 1000


class Images(NamedTuple):
    """Images of one kind, uint8 [n, height, width, channels]; a model sees none of `held_out`."""

    name: str
    training: np.ndarray
    held_out: np.ndarray


def drawings() -> Images:
    """Prepares the drawings of the preset `sample`."""
    with tempfile.TemporaryDirectory() as folder:
        write_drawings(f"{folder}/raw", per_word=4000, seed=0)
        options = PrepConfig(source="quickdraw", image_size=32, rasterizer="official")
        prepare(options, [f"{folder}/raw/*.bin"], f"{folder}/data")
        return _prepared("drawings", f"{folder}/data", (32, 32, 1))


def digits(folder: str) -> Images:
    """Prepares MNIST; its 70,000 digits are split anew, since its parts have other writers."""
    with tempfile.TemporaryDirectory() as data:
        prepare(PrepConfig(source="idx", image_size=28), [f"{folder}/*-ubyte*"], f"{data}/data")
        return _prepared("digits", f"{data}/data", (28, 28, 1))


def _prepared(name: str, data: str, shape: tuple[int, int, int]) -> Images:
    parts = [
        np.concatenate([batch.images for batch in read_records(shards, shape)])
        for split in ("train", "test")
        for shards in [sorted(map(str, Path(data, f"Split-{split}").glob("*.gz")))]
    ]
    return Images(name, *parts)


def blurred(images: np.ndarray) -> np.ndarray:
    return np.stack([cv2.GaussianBlur(image, (0, 0), 1.0)[..., None] for image in images])


def shifted(images: np.ndarray) -> np.ndarray:
    return np.roll(images, 1, axis=2)


def thickened(images: np.ndarray) -> np.ndarray:
    square = np.ones((2, 2), np.uint8)
    return np.stack([cv2.dilate(image, square)[..., None] for image in images])


def noisy(images: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 25, images.shape)
    return (images + noise).clip(0, 255).astype(np.uint8)


ALTERED = {
    "copies": np.copy,
    "blurred by a pixel": blurred,
    "shifted by a pixel": shifted,
    "thickened": thickened,
    "noise of 25 of 255": noisy,
}


def refusals(found: TrainingNeighbours | None) -> np.ndarray:
    """Returns whether `memorised`, `nearer_training` and either of them refuse."""
    assert found is not None
    copied = found.excess_interval[0] > CONFIG.max_memorised
    nearer = found.nearer[1][0] > CONFIG.max_nearer_training
    return np.array([copied, nearer, copied or nearer])


def search(samples: np.ndarray, training: np.ndarray, held_out: np.ndarray) -> TrainingNeighbours:
    outcome = TrainingSearch([samples], held_out)
    outcome.add(training)
    found = outcome.results(CONFIG.seed)[0]
    assert found is not None
    return found


NULL = "real images: no fault"


def shares_refused(images: Images, sizes: tuple[int, int], repeats: int) -> dict[str, np.ndarray]:
    """Returns the shares of repetitions that are refused, [3], by what the samples are: of those
    without fault all repetitions, of the others every tenth."""
    training, held_out = sizes
    found: dict[str, list[np.ndarray]] = {}
    for repetition in range(repeats):
        rng = np.random.default_rng([repetition, training, held_out])
        order = rng.permutation(len(images.training))[: training + SAMPLES + held_out]
        known, new, others = np.split(images.training[order], [training, training + SAMPLES])
        chosen = known[rng.integers(0, training, SAMPLES)]
        cases = {NULL: (new, known)}
        if repetition % 10 == 0:
            few = SAMPLES // 10
            cases |= {name: (alter(chosen), known) for name, alter in ALTERED.items()}
            cases["copies, training holds each twice"] = (chosen, np.repeat(known, 2, axis=0))
            cases["a tenth copies"] = (np.concatenate([new[few:], chosen[:few]]), known)
        for name, (samples, trained_on) in cases.items():
            found.setdefault(name, []).append(refusals(search(samples, trained_on, others)))
    return {name: np.mean(each, axis=0) for name, each in found.items()}


def trained(images: Images, count: int, seed: int) -> str:
    """Trains a VAE on `count` images and returns its row: shares, intervals, gap, refusals."""
    rng = np.random.default_rng([count, seed])
    known = images.training[rng.permutation(len(images.training))[:count]]
    height, width, channels = known.shape[1:]
    settings = TrainerConfig(
        image=ImageShape(height=height, width=width, channels=channels),
        model=ModelConfig(architecture="dense_512", latent_dim=LATENT),
        train=TrainConfig(seed=seed),
    )
    keras.utils.set_random_seed(seed)
    model = build_model(settings)
    order = np.concatenate(
        [rng.permutation(count) for _ in range(STEPS[count] * BATCH // count + 1)]
    )[: STEPS[count] * BATCH]
    pixels = tf.constant(known)
    batches = tf.data.Dataset.from_tensor_slices(order.reshape(-1, BATCH)).map(
        lambda rows: {"image": tf.gather(pixels, rows)}
    )
    model.compile(keras.optimizers.Adam(1e-3))
    model.fit(batches, verbose=0)

    def costs(some: np.ndarray) -> np.ndarray:
        noise = np.random.default_rng(0).normal(size=(len(some), LATENT)).astype(np.float32)
        found = model.evaluate_images(tf.constant(some), noise)
        return np.asarray(found["reconstruction_loss"] + found["kl_loss"], np.float64)

    held_out = images.held_out[: CONFIG.max_images]
    codes = rng.normal(size=(CONFIG.samples, LATENT)).astype(np.float32)
    found = search(to_pixels(np.asarray(model.decode(codes))), known, held_out)
    scored = known[:2000]
    mean = (held_out / 255).mean(axis=0).clip(1e-7, 1 - 1e-7)
    mean_image = -(mean * np.log(mean) + (1 - mean) * np.log1p(-mean)).sum()
    counts = [resample_counts(len(some), CONFIG.resamples, 0) for some in (scored, held_out)]
    nats, share = train_gap_of(costs(scored), costs(held_out), tuple(counts), float(mean_image))
    copied, nearer, _ = refusals(found)
    by_gap = share.interval is not None and share.interval[0] > CONFIG.max_train_gap
    gates = {"memorised": copied, "nearer_training": nearer, "train_gap": by_gap}
    return (
        f"| {images.name} | {count:,} | {seed} | {found.memorised:.1%} "
        f"| {_with_interval(found.nearer[0], found.nearer[1])} | {nats.value:.1f} "
        f"| {_with_interval(share.value, share.interval)} "
        f"| {', '.join(f'`{name}`' for name, refused in gates.items() if refused) or 'none'} |"
    )


def _with_interval(value: float, interval: tuple[float, float]) -> str:
    return f"{value:.1%} ({interval[0]:.1%} to {interval[1]:.1%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mnist", help="folder of MNIST's four IDX files")
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    kinds = [drawings(), *([digits(args.mnist)] if args.mnist else [])]
    print("| samples | images | training, held out | `memorised` | `nearer_training` | either |")
    print("| --- | --- | --- | --- | --- | --- |")
    for images in kinds:
        for sizes in SIZES:
            for name, shares in shares_refused(images, sizes, args.repeats).items():
                row = " | ".join(f"{share:.0%}" for share in shares)
                print(
                    f"| {name} | {images.name} | {sizes[0]:,}, {sizes[1]:,} | {row} |", flush=True
                )
    print()
    print(
        "| images | trained on | seed | copies | `nearer_training` | nats | `train_gap` | refused |"
    )
    print("| --- " * 8 + "|")
    for images in kinds:
        for count in STEPS:
            for seed in range(args.seeds):
                print(trained(images, count, seed), flush=True)


if __name__ == "__main__":
    main()
