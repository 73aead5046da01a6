"""Networks for 64x64 faces, compared over seeds at equal time and by the best epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
from results import Results
from rows import NETWORKS
from verdicts import NOT_ANSWERED, interval, spread

VALUES = 64 * 64 * 3  # of an image
Epochs = list[dict[str, float]]


def table(results: Mapping[str, Results]) -> dict[str, Any] | None:
    """Returns the lines of the networks that were run, and what the comparison says."""
    there = {name: results[name] for name in NETWORKS if name in results}
    if not there:
        return None
    budget = min(times(run)[-1] for each in there.values() for run in each.each)
    compared = {each.recipe["model"]["architecture"]: each for each in there.values()}
    return {
        "lines": [_line(each, budget) for each in there.values()],
        "budget": f"{budget / 60:.1f}",
        "answers": list(answers(compared, budget)),
    }


def times(run: Mapping[str, Any]) -> np.ndarray:
    """Returns the processor seconds that had passed at the end of each epoch."""
    return np.cumsum([epoch["cpu_seconds"] for epoch in run["epochs"]])


def best_within(run: Mapping[str, Any], seconds: float) -> dict[str, float]:
    """Returns the epoch that would be exported of a training of so many seconds."""
    there = [epoch for epoch, time in zip(run["epochs"], times(run), strict=True)
             if time <= seconds]  # fmt: skip
    return min(there or run["epochs"][:1], key=lambda epoch: epoch["val_loss"])


def answers(compared: Mapping[str, Results], budget: float) -> Iterator[str]:
    """Yields which of two networks has the lower loss at equal time, by differences of seeds."""
    for one, other in combinations(compared, 2):
        pair = compared[one], compared[other]
        names = f"`{one}` against `{other}`"
        if any(each.missing for each in pair):
            yield f"{names}: {NOT_ANSWERED}, seeds are missing"
            continue
        losses = [[best_within(run, budget)["val_loss"] for run in each.each] for each in pair]
        mean, half = interval(np.subtract(*losses))
        numbers = f"{mean:+.0f} nats ({mean - half:+.0f} to {mean + half:+.0f})"
        if abs(mean) <= half:
            yield f"{names}: {numbers}, {NOT_ANSWERED}: the seeds differ too much"
        else:
            yield f"{names}: {numbers}, `{one if mean < 0 else other}` has the lower one"


def _line(each: Results, budget: float) -> dict[str, str]:
    settings = each.recipe["model"]
    best = [best_within(run, math.inf) for run in each.each]
    in_time = [best_within(run, budget)["val_loss"] for run in each.each]
    last = [run["epochs"][-1]["val_loss"] for run in each.each]
    at = [epoch["epoch"] * each.steps_an_epoch for epoch in best]
    return {
        "name": settings["architecture"],
        "parameters": f"{sum(each.each[0]['parameters'].values()):,}",
        "steps": f"{each.epochs * each.steps_an_epoch:,}",
        "minutes": each.minutes(),
        "seeds": each.seeds(),
        "in_time": spread(in_time, ".0f"),
        "lowest": spread([epoch["val_loss"] for epoch in best], ".0f"),
        "at": ", ".join(f"{steps:,}" for steps in at),
        "last": spread(last, ".0f"),
        "kl": spread([epoch["val_kl_loss"] for epoch in best], ".0f"),
        "psnr": spread([psnr(epoch, settings["sigma"]) for epoch in best]),
    }


def psnr(epoch: Mapping[str, float], sigma: float) -> float:
    """Returns the PSNR in dB that a Gaussian reconstruction loss stands for."""
    constant = VALUES / 2 * math.log(2 * math.pi * sigma**2)
    error = 2 * sigma**2 * (epoch["val_reconstruction_loss"] - constant) / VALUES
    return -10 * math.log10(error)
