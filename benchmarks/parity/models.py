"""What parity.md says of trained models themselves: networks compared, the GAN, the claims."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from claims import accuracy, classifier, independence, quality, style
from data import Images, load
from figures import digits
from rows import ROWS
from training import Runs, trained

MODELS = {"mnist_cvae_conv": "CVAE", "mnist_vae_gan": "VAE-GAN"}
NETWORKS = {"conv_32", "conv_64", "res_64"}
CHANGES = {
    "gan_gamma_0.1": "gamma 0.1",
    "gan_gamma_1": "gamma 1",
    "gan_gamma_10": "gamma 10",
    "gan_cross_entropy": "gamma 1, cross-entropy on the l-layer",
}


def networks(runs: dict[str, Runs], folder: Path) -> Iterator[dict[str, str]]:
    if not runs.keys() >= NETWORKS:
        return
    data = load("celeba", folder / "data")
    for name in sorted(NETWORKS):
        each, last = runs[name], runs[name].epochs[-1]
        config = each.histories[0]["recipe"]["model"]
        values = data.train.images[0].size
        constant = values / 2 * math.log(2 * math.pi * config["sigma"] ** 2)
        error = 2 * config["sigma"] ** 2 * (last["val_reconstruction_loss"] - constant) / values
        model = trained(each.row, each.row.seeds[0], data, folder)
        yield {
            "name": name,
            "parameters": f"{model.encoder.count_params() + model.decoder.count_params():,}",
            "epochs": str(len(each.epochs)),
            "minutes": each.minutes(),
            "loss": f"{-last['val_elbo']:.1f}",
            "reconstruction": f"{last['val_reconstruction_loss']:.1f}",
            "kl": f"{last['val_kl_loss']:.1f}",
            "psnr": f"{-10 * math.log10(error):.2f}",
        }


def measured(runs: dict[str, Runs], folder: Path, figures: Path) -> dict[str, Any]:
    """What is measured on trained models: the GAN's tables and the claims."""
    names = [name for name in ("mnist_vae", "mnist_cvae", *MODELS, *CHANGES) if name in runs]
    if not names:
        return {"gan": None, "changes": [], "claims": []}
    data = load("mnist", folder / "data")
    models = {name: trained(ROWS[name], ROWS[name].seeds[0], data, folder) for name in names}
    gan, changes = None, []
    if MODELS.keys() <= models.keys():
        classify = classifier(data)

        def line(name: str, title: str) -> dict[str, str]:
            facts = {"epochs": len(runs[name].epochs), "minutes": runs[name].minutes()}
            return {"name": title, **facts, **_quality(models[name], classify, data)}

        gan = {
            "classifier": f"{accuracy(classify, data.held_out):.1%}",
            "lines": [line(name, title) for name, title in MODELS.items()],
        }
        changes = [line(name, title) for name, title in CHANGES.items() if name in models]
        digits(figures / "digits.png", {MODELS[name]: models[name] for name in MODELS}, data)
    judged = {name: model for name, model in models.items() if name not in CHANGES}
    claims = [_independent(name, model, data.held_out) for name, model in judged.items()]
    claims += [_kept(name, model, data) for name, model in judged.items() if model.condition_dim]
    return {"gan": gan, "changes": changes, "claims": claims}


def _quality(model: Any, classify: Any, data: Any) -> dict[str, str]:
    found = quality(model, classify, data)
    return {
        "sharpness": f"{found.sharpness:.2f}",
        "reconstructions": f"{found.reconstruction_sharpness:.2f}",
        "fidelity": f"{found.fidelity:.1%}",
        "mse": f"{found.mse:.4f}",
    }


def _independent(name: str, model: Any, held_out: Images) -> dict[str, str]:
    probe = independence(model, held_out)
    assert probe is not None  # there are ten labels
    told = (
        "z says nothing of the digit" if model.condition_dim else "not told the digit, to compare"
    )
    return {
        "claim": f"`{name}`: {told}",
        "measured": f"a linear probe of z_mean is right on {probe.score:.1%}; "
        f"chance is {probe.chance:.1%}",
        "answer": _answer(probe) if model.condition_dim else "",
    }


def _answer(probe: Any) -> str:
    return "yes" if probe.score < 1.5 * probe.chance else "no"


def _kept(name: str, model: Any, data: Any) -> dict[str, str]:
    found = style(model, data)
    return {
        "claim": f"`{name}`: style transfer keeps slant and thickness of strokes",
        "measured": f"correlations: slant {found.slant:.2f}, thickness {found.thickness:.2f}",
        "answer": ", ".join(
            f"{what} {'kept' if value > 0.5 else 'not kept'}"
            for what, value in found._asdict().items()
        ),
    }
