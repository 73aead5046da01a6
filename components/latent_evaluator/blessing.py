"""The verdict: whether a model may be pushed, and why (not), in words."""

from __future__ import annotations

import dataclasses
from typing import Any

from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.catalogue import check_thresholds
from components.latent_evaluator.metrics.registry import Judged, not_finite
from components.span_drift.drift import DriftReport

SAME_MODEL = "the blessed model is this very model, so there is nothing to compare"
NO_BASELINE = "there is no blessed model yet to compare with"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A decision with its reasons: all that speaks for a blessed model, or all that refuses it."""

    blessed: bool
    reasons: tuple[str, ...]


def judge(
    candidate: dict[str, Any],
    config: EvaluationConfig,
    baseline: dict[str, Any] | None = None,
    note: str = NO_BASELINE,
    difference: tuple[float, float] | None = None,
    drift: DriftReport | None = None,
) -> Verdict:
    """Applies the thresholds of all registered metrics.

    A metric that a model has no number for (None, or absent) is not judged.

    Args:
      candidate: metrics of the model in question.
      config: the limits of the thresholds.
      baseline: metrics of the blessed model, on the same images with the same noise; None to
        skip the comparison.
      note: why the comparison is skipped.
      difference: interval of what an image costs more than with the baseline, in nats; None:
        the difference is taken as exact.
      drift: the drift of the newest span from the last blessed one, where the data has spans.
    """
    judged = Judged(metrics=candidate, config=config, baseline=baseline, difference=difference)
    broken = not_finite(candidate)
    if broken:
        checks: list[tuple[bool, str]] = [(False, f"not finite: {', '.join(broken)}")]
    else:
        checks = list(check_thresholds(judged, relative=False))
    if all(passed for passed, _ in checks):  # a comparison with nonsense says nothing
        if baseline:
            checks.extend(check_thresholds(judged, relative=True))
        else:
            checks.append((True, note))
    if drift:
        checks.extend(drift.checks())
    blessed = all(passed for passed, _ in checks)
    return Verdict(blessed, tuple(words for passed, words in checks if passed == blessed))
