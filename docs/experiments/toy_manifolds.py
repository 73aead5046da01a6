"""Two toy experiments on what autoencoders can and cannot learn.

1. A function of a normal distribution can be a very different one: Z/|Z| + Z/10 is a ring.
2. Data on two curves apart: an autoencoder with one latent dimension, being continuous, has to
   join them; told the label of each point, it need not.

Both come from a series of articles on autoencoders (parts 3 and 4), whose sizes, noise and
training are kept. What is added is a measure: how much of the curve that a decoder can draw
lies away from the data's two curves.

Run `python docs/experiments/toy_manifolds.py`: 4 to 6 minutes on 2 CPU cores. It writes
ring_map.png, disjoint_manifold.png and toy_manifolds.json beside itself.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import matplotlib
import numpy as np
from keras import layers

HERE = Path(__file__).resolve().parent
NOISE = 0.06  # standard deviation of the points around their curve
OFF = 3 * NOISE  # farther than that from both curves is off the manifold
SEEDS = (0, 1, 2)
INK, PAPER = "#1d1d1b", "#f7f7f4"
SINE, CIRCLE, DECODED = "#4477aa", "#228833", "#c0392b"


class Points(NamedTuple):
    """Noisy points, float32 [n, 2], the points of the curves under them, and labels [n, 1]."""

    noisy: np.ndarray
    clean: np.ndarray
    labels: np.ndarray  # float32: 0 on the sine, 1 on the circle


class Result(NamedTuple):
    """What a trained autoencoder does.

    mse: of its reconstructions, the loss of the last epoch.
    off_reconstructed: share of the reconstructed points that lie off the manifold.
    off_curve: share of the length of the decoder's curve that does. The curve runs from
      the smallest to the largest code of the data; with labels there is one for each.
    curves: the decoded curves, float32 [codes, 2] each.
    """

    mse: float
    off_reconstructed: float
    off_curve: float
    curves: list[np.ndarray]


def ring_map(z: np.ndarray) -> np.ndarray:
    """Z/|Z| + Z/10 of codes [n, 2]: a ring of mean radius 1 + E|Z|/10 = 1.125."""
    return z / np.linalg.norm(z, axis=1, keepdims=True) + z / 10


def disjoint_manifold(seed: int, count: int = 1000) -> Points:
    """`count` points on a sine over [-2.2, 2.2], as many on a circle below its crest."""
    x, angle = np.linspace(-2.2, 2.2, count), np.linspace(0, 2 * np.pi, count)
    sine = np.stack([x, np.sin(x)], axis=1)
    circle = 0.5 * np.stack([np.sin(angle), np.cos(angle)], axis=1) + [1.5, -0.5]
    clean = np.concatenate([sine, circle])
    noise = NOISE * np.random.default_rng(seed).standard_normal(clean.shape)
    labels = np.repeat([[0.0], [1.0]], count, axis=0)
    return Points(*(a.astype(np.float32) for a in (clean + noise, clean, labels)))


def off_manifold(points: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """Whether each point, [n, 2], is farther than `OFF` from all of `clean`: bool [n]."""
    steps = range(0, len(points), 500)
    nearest = [
        np.linalg.norm(points[i : i + 500, None] - clean[None], axis=2).min(axis=1) for i in steps
    ]
    return np.concatenate(nearest) > OFF


def length_off_manifold(curves: list[np.ndarray], clean: np.ndarray) -> float:
    """The share of the curves' length that is off the manifold, by the middle of each piece."""
    pieces = [np.linalg.norm(np.diff(curve, axis=0), axis=1) for curve in curves]
    middles = [(curve[1:] + curve[:-1]) / 2 for curve in curves]
    length, middle = np.concatenate(pieces), np.concatenate(middles)
    return float(length[off_manifold(middle, clean)].sum() / length.sum())


def build(conditional: bool) -> tuple[keras.Model, keras.Model, keras.Model]:
    """Autoencoder 2-64-64-1-64-64-2 (elu, code and output linear), its encoder and decoder.

    A conditional one gets the label beside the point and beside the code.
    """
    label = keras.Input((1,), name="label")

    def network(width: int, outputs: int, name: str) -> keras.Model:
        values = keras.Input((width,), name="values")
        x = layers.Concatenate()([values, label]) if conditional else values
        for _ in range(2):
            x = layers.Dense(64, activation="elu")(x)
        return keras.Model([values, label], layers.Dense(outputs)(x), name=name)

    encoder, decoder = network(2, 1, "encoder"), network(1, 2, "decoder")
    point = keras.Input((2,), name="point")
    autoencoder = keras.Model([point, label], decoder([encoder([point, label]), label]))
    autoencoder.compile(keras.optimizers.Adam(1e-3), "mse")
    return autoencoder, encoder, decoder


def train(points: Points, *, conditional: bool, seed: int, epochs: int = 300) -> Result:
    """Trains on the noisy points, 30 a batch, and measures."""
    keras.utils.set_random_seed(seed)
    autoencoder, encoder, decoder = build(conditional)
    inputs = [points.noisy, points.labels]
    history = autoencoder.fit(inputs, points.noisy, epochs=epochs, batch_size=30, verbose=0)
    codes = encoder.predict(inputs, batch_size=500, verbose=0)
    curves = []
    for label in (0.0, 1.0) if conditional else (None,):
        own = codes if label is None else codes[points.labels[:, 0] == label]
        steps = np.linspace(own.min(), own.max(), 2000, dtype=np.float32)[:, None]
        told = np.full_like(steps, label or 0.0)
        curves.append(decoder.predict([steps, told], batch_size=500, verbose=0))
    made = autoencoder.predict(inputs, batch_size=500, verbose=0)
    return Result(
        mse=float(history.history["loss"][-1]),
        off_reconstructed=float(off_manifold(made, points.clean).mean()),
        off_curve=length_off_manifold(curves, points.clean),
        curves=curves,
    )


def draw_ring(path: Path, seed: int = 0) -> None:
    z = np.random.default_rng(seed).standard_normal((150, 2))
    figure, (left, right) = _figure(2)
    for axes, points, limit, title in (
        (left, z, 5, "Z ~ N(0, I)"),
        (right, ring_map(z), 2, "X = Z/|Z| + Z/10"),
    ):
        axes.scatter(*points.T, s=14, color=SINE, linewidths=0)
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
        axes.set_title(title, color=INK)
    _save(figure, path)


def draw_disjoint(points: Points, results: dict[str, Result], path: Path) -> None:
    figure, every = _figure(len(results))
    for axes, (name, result) in zip(every, results.items(), strict=True):
        for label, color in enumerate((SINE, CIRCLE)):
            own = points.labels[:, 0] == label
            axes.scatter(*points.noisy[own].T, s=3, color=color, alpha=0.35, linewidths=0)
        for curve in result.curves:
            axes.plot(*curve.T, color=DECODED, linewidth=2.5)
        axes.set(xlim=(-2.6, 2.6), ylim=(-1.6, 1.6), aspect="equal")
        axes.set_title(f"{name}: {result.off_curve:.1%} of its curve off the data", color=INK)
    _save(figure, path)


def main() -> None:
    draw_ring(HERE / "ring_map.png")
    kinds = {"autoencoder": False, "conditional autoencoder": True}
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in kinds}
    for seed in SEEDS:
        points = disjoint_manifold(seed)
        results = {
            name: train(points, conditional=conditional, seed=seed)
            for name, conditional in kinds.items()
        }
        for name, result in results.items():
            values = {k: round(v, 4) for k, v in result._asdict().items() if k != "curves"}
            measured[name].append({"seed": seed, **values})
            print(name, measured[name][-1], flush=True)
        if seed == SEEDS[0]:
            draw_disjoint(points, results, HERE / "disjoint_manifold.png")
    (HERE / "toy_manifolds.json").write_text(json.dumps(measured, indent=2) + "\n")


def _figure(columns: int):
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, columns, figsize=(5.2 * columns, 4.2), facecolor=PAPER)
    for each in axes:
        each.tick_params(colors="#8a8a85", labelsize=8)
        each.grid(color="#e6e6e0")
        each.set_axisbelow(True)
        for side in each.spines.values():
            side.set_color("#d9d9d3")
    return figure, axes


def _save(figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    main()
