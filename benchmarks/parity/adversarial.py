"""VAE-GAN against CVAE: how sharp, how faithful, how near."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from measure import DRAWN, MEANS, QUALITY, REAL
from models import CROSS_ENTROPY, GAMMAS
from results import Results
from verdicts import spread

CHANGES = {
    **{name: f"gamma {value}" for name, value in GAMMAS.items()},
    CROSS_ENTROPY: "gamma 1, cross-entropy on the l-layer",
}
FORMS = {"sharpness": ".2f", "reconstruction_sharpness": ".2f", "fidelity": ".1%", "mse": ".4f"}


def table(results: Mapping[str, Results]) -> dict[str, Any] | None:
    """Returns the models of DRAWN side by side; None where there are fewer than two."""
    there = {name: each for name, each in results.items() if each.measured(QUALITY)}
    lines = [_line(title, there[name]) for name, title in DRAWN.items() if name in there]
    if len(lines) < 2:
        return None
    one = next(iter(there.values()))
    accuracy, means = one.measured(REAL)[0]["accuracy"], one.measured(MEANS)[0]
    real = {"sharpness": 1.0, "reconstruction_sharpness": 1.0, "fidelity": accuracy, "mse": 0.0}
    unmade = dict.fromkeys(("beta", "optimizer", "epochs", "minutes", "kl", "seeds"), "")
    lines.append({"name": "the mean image of each digit", **unmade, **_numbers([means])})
    lines.append({"name": "the real digits", **unmade, **_numbers([real])})
    return {"classifier": f"{accuracy:.1%}", "lines": lines, "means": _numbers([means])}


def changes(results: Mapping[str, Results]) -> list[dict[str, str]]:
    """Returns the lines of CHANGES, one value changed at a time."""
    there = {name: each for name, each in results.items() if each.measured(QUALITY)}
    return [_line(title, there[name]) for name, title in CHANGES.items() if name in there]


def _line(title: str, each: Results) -> dict[str, str]:
    return {
        "name": title,
        "beta": f"{each.recipe['model']['beta']:g}",
        "optimizer": each.recipe["train"]["optimizer"],
        "epochs": str(each.epochs),
        "minutes": each.minutes(),
        "seeds": each.seeds(),
        "kl": spread(each.at("val_kl_loss"), ".1f"),
        **_numbers(each.measured(QUALITY)),
    }


def _numbers(found: list[dict[str, float]]) -> dict[str, str]:
    return {name: spread([one[name] for one in found], form) for name, form in FORMS.items()}
