"""How often the verdict errs: each comparison of models, with models whose truth is known.

    python benchmarks/error_rates.py [--repetitions 200] [--images 100 500 2000]

Real images and samples are points of a Gaussian in eight dimensions, which the product's own KID,
density and coverage are measured on, and its own verdict judges. A worse model draws points further
apart; what an image costs and which labels are right is drawn beside them. How much worse a model
has to be for its true number to be worse by the margin is found by simulation first.
docs/evaluation.md has the table.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from components.latent_evaluator.blessing import compare
from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.bootstrap import resample_counts, resampled_means
from components.latent_evaluator.metrics.non_inferiority import PASSED, REFUSED, TOO_FEW
from components.latent_evaluator.metrics.thresholds import Judged
from trainer.measures.kernel_distance import between, kernel_distance, within
from trainer.measures.neighbours import compare_neighbours, draw_halves

FEATURES = 8
GAIN, GAIN_SPREAD, GAIN_NOISE = 150.0, 42.0, 9.0  # nats, as between seeds of the preset `sample`
FIDELITY, FIDELITY_REAL = 0.9, 0.97
SPREAD = 1.35  # of samples, the real images' being 1
GRID = np.linspace(1.2, 2.4, 13)  # spreads that the true numbers are found at
SETS = ("kid_samples", "density", "coverage")
NAMES = {
    "gain": "gain over the mean image",
    "kid_samples": "KID of samples",
    "density": "density of samples",
    "coverage": "coverage of real images by samples",
    "label_fidelity": "label fidelity of samples",
}


@dataclasses.dataclass(frozen=True)
class Quality:
    """The truth about a model.

    spread: of its samples; of a perfect model 1.
    gain: over the mean image, nats. fidelity: share of samples that show their condition.
    """

    spread: float = SPREAD
    gain: float = GAIN
    fidelity: float = FIDELITY


class Split:
    """A split of that many images, on which models are measured as the evaluator does."""

    def __init__(self, images: int, config: EvaluationConfig, seed: int) -> None:
        self.config, self.random = config, np.random.default_rng(seed)
        self.real = self.random.standard_normal((images, FEATURES))
        self.gains = self.random.normal(0, GAIN_SPREAD, images)
        # The verdict's resamples are the same for every split of that size.
        self.counts = resample_counts(images, config.resamples, 0)
        self.sample_counts = resample_counts(config.samples, config.resamples, 1)
        self.halves = draw_halves(images, config.resamples, 0)
        self.sample_halves = draw_halves(config.samples, config.resamples, 1)
        self.inner = within(self.real, self.counts)

    def samples(self, spread: float) -> np.ndarray:
        return spread * self.random.standard_normal((self.config.samples, FEATURES))

    def kid(self, points: np.ndarray):
        counts = self.sample_counts[:, : len(points)]
        across = between(self.real, points, self.counts, counts)
        return kernel_distance(self.inner, within(points, counts), across)

    def measure(self, quality: Quality, title: str = "", sets: Collection[str] = SETS) -> Judged:
        """Measures a model. sets: what is measured of its samples, which takes most of the time."""
        images = len(self.real)
        gains = quality.gain + self.gains + self.random.normal(0, GAIN_NOISE, images)
        right = (self.random.random(self.config.samples) < quality.fidelity).astype(float)
        metrics = {
            "count": images,
            "likelihood": {"kind": "bernoulli", "sigma": None, "posterior": True},
            "gain": float(gains.mean()),
            "label_fidelity": {"accuracy": right.mean(), "accuracy_real": FIDELITY_REAL},
        }
        draws = {
            "gain": resampled_means(gains, self.counts),
            "label_fidelity": resampled_means(right, self.sample_counts),
        }
        points, found = self.samples(quality.spread), {}
        if "kid_samples" in sets:
            found["kid_samples"] = self.kid(points)
        if {"density", "coverage"} & set(sets):
            near = compare_neighbours(self.real, points, self.halves, self.sample_halves)
            found |= {"density": near.density, "coverage": near.coverage}
        metrics |= {name: each.value for name, each in found.items()}
        draws |= {name: each.draws for name, each in found.items()}
        return Judged(metrics=metrics, config=self.config, draws=draws, title=title)


def true_numbers(images: int, config: EvaluationConfig, repetitions: int) -> dict[str, np.ndarray]:
    """Returns what KID, density and coverage are on average for each spread of GRID."""
    short = dataclasses.replace(config, resamples=20)
    totals = {name: np.zeros(len(GRID)) for name in SETS}
    for seed in range(repetitions):
        split = Split(images, short, 10_000 + seed)
        for place, spread in enumerate(GRID):
            points = split.samples(spread)
            near = compare_neighbours(split.real, points, split.halves[:1], split.sample_halves[:1])
            values = (split.kid(points).value, near.density.value, near.coverage.value)
            for name, value in zip(SETS, values, strict=True):
                totals[name][place] += value / repetitions
    return totals


def worse_models(
    true: dict[str, np.ndarray], config: EvaluationConfig, margins: float
) -> dict[str, Quality]:
    """Returns for each comparison a model that is worse by so many margins in it."""

    def spread(name: str, number: float) -> float:
        order = np.argsort(true[name])
        return float(np.interp(number, true[name][order], GRID[order]))

    now = {name: float(np.interp(SPREAD, GRID, true[name])) for name in SETS}
    kid = now["kid_samples"] * (1 + margins * config.max_distance_worse)
    density = now["density"] * (1 - margins * config.max_density_lost)
    coverage = now["coverage"] - margins * config.max_coverage_lost
    return {
        "gain": Quality(gain=GAIN * (1 - margins * config.max_gain_lost)),
        "kid_samples": Quality(spread=spread("kid_samples", kid)),
        "density": Quality(spread=spread("density", density)),
        "coverage": Quality(spread=spread("coverage", coverage)),
        "label_fidelity": Quality(fidelity=FIDELITY - margins * config.max_fidelity_lost),
    }


def outcomes(new: Judged, old: Judged) -> dict[str, str]:
    """Returns the outcome of each comparison by the metric's key."""
    keys = {number: key for key, number in NAMES.items()}
    checks = compare(new, [old])
    return {keys[check.gate]: check.outcome for check in checks if check.gate}


def rates(
    images: int, config: EvaluationConfig, repetitions: int, searched: int = 40
) -> dict[str, dict[str, float]]:
    """Returns, by comparison and `all` of them: shares of equal models that are `refused` and for
    which there are `too few` images, and of models worse by one and by two margins that pass.

    searched: splits that the true numbers are found on.
    """
    true = true_numbers(images, config, searched)
    worse = {margins: worse_models(true, config, margins) for margins in (1, 2)}
    shares = {name: dict.fromkeys(("refused", "too few", "one", "two"), 0.0) for name in NAMES}
    shares["all"] = dict.fromkeys(("refused", "too few"), 0.0)
    for seed in range(repetitions):
        split = Split(images, config, seed)
        old = split.measure(Quality(), "the last blessed model")
        found = outcomes(split.measure(Quality()), old)
        for name in NAMES:
            shares[name]["refused"] += (found[name] == REFUSED) / repetitions
            shares[name]["too few"] += (found[name] == TOO_FEW) / repetitions
        shares["all"]["refused"] += (REFUSED in found.values()) / repetitions
        few = TOO_FEW in found.values() and REFUSED not in found.values()
        shares["all"]["too few"] += few / repetitions
        for margins, word in ((1, "one"), (2, "two")):
            for name, quality in worse[margins].items():
                passed = outcomes(_only(split, quality, name, old), old)[name] == PASSED
                shares[name][word] += passed / repetitions
    return shares


def _only(split: Split, quality: Quality, name: str, old: Judged) -> Judged:
    """Measures a model; what another comparison looks at is taken from the old one."""
    new = split.measure(quality, sets={name} & set(SETS))
    return dataclasses.replace(
        new, metrics=old.metrics | new.metrics, draws={**old.draws, **new.draws}
    )


def table(found: dict[int, dict[str, dict[str, float]]]) -> Iterator[str]:
    """Yields the lines of the table, by number of images."""
    yield (
        "| comparison | images | equal: refused | equal: too few images "
        "| worse by the margin: passes | twice: passes |"
    )
    yield "| --- | --- | --- | --- | --- | --- |"
    for name in (*NAMES, "all"):
        for images, shares in found.items():
            cells = [shares[name].get(key) for key in ("refused", "too few", "one", "two")]
            words = ["" if cell is None else f"{cell:.1%}" for cell in cells]
            title = NAMES.get(name, "all together")
            yield f"| {title} | {images:,} | {' | '.join(words)} |"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--images", type=int, nargs="+", default=[100, 500, 2000])
    parser.add_argument("--samples", type=int, default=1000)
    chosen = parser.parse_args(arguments)
    config = EvaluationConfig(samples=chosen.samples)
    found = {}
    for images in chosen.images:
        found[images] = rates(images, config, chosen.repetitions)
        print(f"{images:,} images done", file=sys.stderr, flush=True)
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
