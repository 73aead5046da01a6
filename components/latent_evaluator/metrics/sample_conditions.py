"""The conditions on samples of the prior: limits for a model alone, and margins beside another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from components.latent_evaluator.metrics.non_inferiority import Comparison
from components.latent_evaluator.metrics.thresholds import (
    LOW,
    Beside,
    Check,
    Judged,
    NonInferior,
    Threshold,
    has_prior,
    value_at,
)


class Amount(NamedTuple):
    """A number with its draws, [resamples] or the number itself where it has none; in words."""

    value: float
    draws: Any
    words: str = ""


Reference = Callable[[Judged], Amount | None]  # what a limit or a margin is a multiple of


def multiple_of(path: str, words: str, *, at_least: str = "") -> Reference:
    """Returns the reference that is another number of the model; None where there is none.

    at_least: the key of a number below which it may as well be 0, and counts as that.
    """

    def amount(judged: Judged) -> Amount | None:
        found = _amount(judged, path)
        least = judged.metrics.get(at_least) if found else None
        if found and least is not None and found.value < least:
            found = Amount(least, least)
        return found and found._replace(words=words)

    return amount


def kept_to(
    path: str, limit: str, better: str, number: str, form: str, *, of: Reference | None = None
) -> Threshold:
    """Returns the condition that a number keeps to a limit.

    It is the number itself that has to, not the end of its interval: such limits tell nonsense from
    pictures, and what lies far from them needs few images.

    Args:
      path: the place of the number in the metrics, levels apart by dots. Its draws are the
        metric's.
      limit: a field of `EvaluationConfig`.
      better: HIGH or LOW, the good end of the number.
      number: what it is called in the verdict.
      form: its format specification; `of` what the limit is a multiple of, if of something.
    """

    def check(_: Any, limit: float, judged: Judged) -> Check | None:
        found, scale = _amount(judged, path), of(judged) if of else Amount(1.0, 1.0)
        if found is None or scale is None or scale.value <= 0:
            return None
        multiple = found.value / scale.value
        value = format(multiple, form) + scale.words
        bound = f"at {'most' if better == LOW else 'least'} {limit:{form}}{scale.words}"
        passed = multiple <= limit if better == LOW else multiple >= limit
        return Check(bool(passed), f"{number} {value} ({bound})", number, value, bound)

    return Threshold(limit=limit, check=check)


def non_inferior(
    path: str,
    limit: str,
    better: str,
    number: str,
    form: str,
    *,
    relative: bool = False,
    floor: str = "",
    unless: str = "",
) -> NonInferior:
    """Returns the condition that a number is shown to be about as good as another model's.

    Args:
      path, better, number, form: see `kept_to`.
      limit: the field of `EvaluationConfig` that holds the margin.
      relative: whether the margin is a fraction of the other model's number, or, where that is
        larger, of its number at `floor`.
      unless: the key of a metric where a model has which this one is not judged; or empty.
    """
    sign = 1 if better == LOW else -1

    def compare(new: Judged, old: Judged, margin: float) -> Beside | None:
        one, other = _amount(new, path), _amount(old, path)
        if one is None or other is None:
            return None
        scale = Amount(1.0, 1.0)
        if relative:
            least = _amount(old, floor) if floor else None
            scale = least if least and least.value > other.value else other
        comparison = Comparison.of(
            worse=sign * (one.value - other.value),
            margin=margin * max(scale.value, 0.0),
            slack=margin * scale.draws - sign * (one.draws - other.draws),
            images=new.images(sampled=True),
        )
        return Beside(
            comparison=comparison,
            number=number,
            value=format(one.value, form),
            other=format(other.value, form),
            amount=lambda x: f"{x / scale.value:.1%}" if relative else format(x, form),
            sampled=True,
        )

    return NonInferior(limit=limit, compare=compare, unless=unless, sampled=True)


def _amount(judged: Judged, path: str) -> Amount | None:
    """Returns a finite number of a model with a prior, and its draws; None without one."""
    value = value_at(judged.metrics, path)
    if value is None or not np.isfinite(value) or not has_prior(judged):
        return None
    draws = judged.draws.get(path.partition(".")[0])
    return Amount(value, np.full(2, value) if draws is None else draws)
