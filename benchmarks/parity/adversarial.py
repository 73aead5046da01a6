"""VAE-GAN against CVAE: how sharp, how faithful, how near."""

from __future__ import annotations

from typing import Any, NamedTuple

from claims import Quality, accuracy, classifier, quality, quality_of_means
from data import Data
from training import Runs

MODELS = {
    "mnist_cvae_conv": "CVAE",
    "mnist_cvae_conv_beta": "CVAE, beta 0.1",
    "mnist_vae_gan": "VAE-GAN (paper)",
    "mnist_vae_gan_source": "VAE-GAN (source)",
}
GAMMAS = {"gan_gamma_0.1": "0.1", "gan_gamma_1": "1", "gan_gamma_10": "10"}
CHANGES = {
    **{name: f"gamma {value}" for name, value in GAMMAS.items()},
    "gan_cross_entropy": "gamma 1, cross-entropy on the l-layer",
}


class Compared(NamedTuple):
    """accuracy: of the classifier, on real digits; means: of the mean image of each label."""

    qualities: dict[str, Quality]
    means: Quality
    accuracy: float


def compare(models: dict[str, Any], data: Data) -> Compared:
    """Measures the models of MODELS and CHANGES among those given, by name."""
    classify = classifier(data)
    names = [name for name in (*MODELS, *CHANGES) if name in models]
    return Compared(
        {name: quality(models[name], classify, data) for name in names},
        quality_of_means(classify, data),
        accuracy(classify, data.held_out),
    )


def table(runs: dict[str, Runs], found: Compared) -> dict[str, Any]:
    real = Quality(1.0, found.accuracy, 0.0, 1.0)
    unmade = {"beta": "", "optimizer": "", "epochs": "", "minutes": "", "kl": ""}
    lines = [_line(title, name, runs, found) for name, title in MODELS.items()
             if name in found.qualities]  # fmt: skip
    lines.append({"name": "the mean image of each digit", **unmade, **_numbers(found.means)})
    lines.append({"name": "the real digits", **unmade, **_numbers(real)})
    return {"classifier": f"{found.accuracy:.1%}", "lines": lines, "means": _numbers(found.means)}


def changes(runs: dict[str, Runs], found: Compared) -> list[dict[str, str]]:
    return [
        _line(title, name, runs, found)
        for name, title in CHANGES.items()
        if name in found.qualities
    ]


def _line(title: str, name: str, runs: dict[str, Runs], found: Compared) -> dict[str, str]:
    each = runs[name]
    recipe = each.histories[0]["recipe"]
    return {
        "name": title,
        "beta": f"{recipe['model']['beta']:g}",
        "optimizer": recipe["train"]["optimizer"],
        "epochs": str(len(each.epochs)),
        "minutes": each.minutes(),
        "kl": f"{each.epochs[-1]['val_kl_loss']:.1f}",
        **_numbers(found.qualities[name]),
    }


def _numbers(found: Quality) -> dict[str, str]:
    return {
        "sharpness": f"{found.sharpness:.2f}",
        "reconstructions": f"{found.reconstruction_sharpness:.2f}",
        "fidelity": f"{found.fidelity:.1%}",
        "mse": f"{found.mse:.4f}",
    }
