"""Whether a model may be pushed, and why (not), in words."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

from components.latent_evaluator.config import EvaluationConfig

SAME_MODEL = "the blessed model is this very model, so there is nothing to compare"
NO_BASELINE = "there is no blessed model yet to compare with"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """reasons: what speaks for the model where it is blessed, all that refuses it else."""

    blessed: bool
    reasons: tuple[str, ...]


def judge(
    candidate: dict[str, Any],
    config: EvaluationConfig,
    baseline: dict[str, Any] | None = None,
    note: str = NO_BASELINE,
) -> Verdict:
    """Applies the thresholds to metrics as `components.latent_evaluator.tally` gives them.

    Args:
      candidate: of the model in question.
      config: the thresholds.
      baseline: of the blessed model, on the same images with the same noise; None to skip
        the comparison.
      note: why the comparison is skipped.
    """
    checks = list(_absolute(candidate, config))
    if all(passed for passed, _ in checks):  # a comparison with nonsense says nothing
        checks.extend([_relative(candidate, baseline, config)] if baseline else [(True, note)])
    blessed = all(passed for passed, _ in checks)
    return Verdict(blessed, tuple(words for passed, words in checks if passed == blessed))


def _absolute(metrics: dict[str, Any], config: EvaluationConfig) -> Iterator[tuple[bool, str]]:
    broken = sorted(
        name
        for name, value in metrics.items()
        if isinstance(value, float) and not math.isfinite(value)
    )
    if broken:
        yield False, f"not finite: {', '.join(broken)}"
        return
    units, allowed = metrics["active_units"], config.min_active_units
    yield (
        units >= allowed,
        f"{units} of {metrics['latent_dim']} latent dimensions are in use (at least {allowed})",
    )
    left = metrics["unexplained"]
    yield (
        left <= config.max_unexplained,
        f"reconstructions leave {left:.1%} of a constant mean image's error "
        f"(at most {config.max_unexplained:.1%})",
    )


def _relative(
    candidate: dict[str, Any], baseline: dict[str, Any], config: EvaluationConfig
) -> tuple[bool, str]:
    measure = "negative ELBO"
    if candidate["elbo"] is None:  # nor has the baseline one: see the executor
        measure = "reconstruction loss (there is no ELBO without a posterior)"
    new, old = _nats(candidate), _nats(baseline)
    if not math.isfinite(old):
        return True, f"the blessed model's {measure} is not finite on this data: not compared"
    change = (new - old) / max(abs(old), 1e-12)
    direction = "worse" if change > 0 else "better"
    return (
        change <= config.max_worsening,
        f"{measure} {new:.2f} nats against the blessed model's {old:.2f}: "
        f"{abs(change):.1%} {direction} (at most {config.max_worsening:.1%} worse)",
    )


def _nats(metrics: dict[str, Any]) -> float:
    """What an image costs; lower is better."""
    return metrics["reconstruction_loss"] if metrics["elbo"] is None else -metrics["elbo"]
