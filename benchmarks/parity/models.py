"""The part of parity.md about trained models: networks compared, and the claims."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import adversarial
from claims import Quality, encode, probe_codes, style
from data import Images, load
from figures import digits
from rows import NETWORKS, ROWS
from training import Runs, trained

from components.latent_evaluator.metrics.probes import Probe

FIRST = ("mnist_vae", "mnist_cvae", "mnist_cvae_blog", "mnist_cvae_conv", "mnist_vae_gan")


def networks(runs: dict[str, Runs], folder: Path) -> Iterator[dict[str, str]]:
    names = [name for name in NETWORKS if name in runs]
    if not names:
        return
    data = load("celeba", folder / "data")
    for name in names:
        each, last = runs[name], runs[name].epochs[-1]
        config = each.histories[0]["recipe"]["model"]
        values = data.train.images[0].size
        constant = values / 2 * math.log(2 * math.pi * config["sigma"] ** 2)
        error = 2 * config["sigma"] ** 2 * (last["val_reconstruction_loss"] - constant) / values
        model = trained(each.row, each.row.seeds[0], data, folder)
        best = max(each.epochs, key=lambda epoch: epoch["val_elbo"])
        yield {
            "name": config["architecture"],
            "parameters": f"{model.encoder.count_params() + model.decoder.count_params():,}",
            "steps": f"{each.steps():,}",
            "minutes": each.minutes(),
            "loss": f"{-last['val_elbo']:.0f}",
            "lowest": f"{-best['val_elbo']:.0f}",
            "at": f"{each.steps() * best['epoch'] // len(each.epochs):,}",
            "reconstruction": f"{last['val_reconstruction_loss']:.0f}",
            "kl": f"{last['val_kl_loss']:.0f}",
            "psnr": f"{-10 * math.log10(error):.2f}",
        }


def measured(runs: dict[str, Runs], folder: Path, figures: Path) -> dict[str, Any]:
    """The measurements on trained models: the GAN's tables and the claims."""
    wanted = dict.fromkeys((*FIRST, *adversarial.MODELS, *adversarial.CHANGES))
    names = [name for name in wanted if name in runs]
    if not names:
        return {"gan": None, "changes": [], "claims": []}
    data = load("mnist", folder / "data")
    models = {name: trained(ROWS[name], ROWS[name].seeds[0], data, folder) for name in names}
    claims = [_independent(name, models[name], data.held_out) for name in FIRST if name in models]
    claims += [
        _kept(name, models[name], data)
        for name in FIRST
        if name in models and models[name].condition_dim
    ]
    gan, changes = None, []
    compared = {name: models[name] for name in adversarial.MODELS if name in models}
    if len(compared) > 1:
        found = adversarial.compare(models, data)
        gan = adversarial.table(runs, found)
        changes = adversarial.changes(runs, found)
        claims += _claims_of_gans(found.qualities)
        shown = {adversarial.MODELS[name]: model for name, model in compared.items()}
        digits(figures / "digits.png", shown, data)
    return {"gan": gan, "changes": changes, "claims": claims}


def _claims_of_gans(found: dict[str, Quality]) -> Iterator[dict[str, str]]:
    if found.keys() >= adversarial.GAMMAS.keys():
        yield _gamma(list(adversarial.GAMMAS.values()), [found[n] for n in adversarial.GAMMAS])
    if found.keys() >= {"gan_cross_entropy", "gan_gamma_1"}:
        yield _cross_entropy(found["gan_cross_entropy"], found["gan_gamma_1"])


def _gamma(gammas: Sequence[str], found: Sequence[Quality]) -> dict[str, str]:
    """The paper's claim, of which the source saw nothing."""
    errors, sharp = [each.mse for each in found], [each.sharpness for each in found]
    content, style = errors == sorted(errors, reverse=True), sharp == sorted(sharp, reverse=True)
    return {
        "claim": f"gamma ({', '.join(gammas)}): the larger, the more content and the less style "
        "(the paper; the source did not see it)",
        "measured": f"reconstruction MSE {_row(errors, 4)}; sharpness of samples {_row(sharp, 2)}",
        "answer": f"content {_seen(content)}, style {_seen(style)}",
    }


def _cross_entropy(entropy: Quality, squared: Quality) -> dict[str, str]:
    better = {
        "reconstruction MSE": entropy.mse < squared.mse,
        "label fidelity": entropy.fidelity > squared.fidelity,
        "sharpness": abs(entropy.sharpness - 1) < abs(squared.sharpness - 1),
    }
    won = [name for name, is_better in better.items() if is_better]
    return {
        "claim": "cross-entropy on the l-layer gives better results than squared error",
        "measured": f"MSE {_row([entropy.mse, squared.mse], 4)}; label fidelity "
        f"{entropy.fidelity:.1%}, {squared.fidelity:.1%}; sharpness "
        f"{_row([entropy.sharpness, squared.sharpness], 2)}",
        "answer": {0: "no", 3: "yes"}.get(len(won), f"in {len(won)} of 3: {', '.join(won)}"),
    }


def _seen(ordered: bool) -> str:
    return "seen" if ordered else "not seen"


def _row(values: Sequence[float], places: int) -> str:
    return ", ".join(f"{value:.{places}f}" for value in values)


def _independent(name: str, model: Any, held_out: Images) -> dict[str, str]:
    found = probe_codes(encode(model, held_out), held_out.labels)
    size = f"`{name}`, latent {model.config.model.latent_dim}"
    conditional = model.condition_dim
    return {
        "claim": f"{size}: "
        + ("z says nothing of the digit" if conditional else "without the digit, to compare"),
        "measured": f"a linear probe of z_mean is right on {found.linear:.1%}, its 50 nearest "
        f"neighbours on {found.neighbours:.1%}; chance is {found.chance:.1%}",
        "answer": _answer(found) if conditional else "",
    }


def _answer(found: Probe) -> str:
    ratio = found.score / found.chance
    return "yes" if ratio < 1.1 else "nearly" if ratio < 1.5 else "no"


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
