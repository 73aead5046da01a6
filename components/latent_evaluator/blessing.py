"""The verdict: whether a model may be pushed, and why (not), in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from components.latent_evaluator.metrics.catalogue import METRICS, all_conditions, check_thresholds
from components.latent_evaluator.metrics.non_inferiority import PASSED, TOO_FEW
from components.latent_evaluator.metrics.thresholds import (
    Beside,
    Check,
    Judged,
    NonInferior,
    has_prior,
    not_finite,
)
from components.span_drift.drift import DriftReport

BLESSED_MODEL, CHAMPION = "the last blessed model", "the champion"
SAME_MODEL = "the blessed model is this very model, so there is nothing to compare"
SAME_CHAMPION = "the champion is this very model"
NO_BASELINE = "there is no blessed model yet to compare with"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A decision with its reasons: all that speaks for a blessed model, or all that refuses it.

    checks: every condition that was looked at, in the order of the reasons.
    """

    blessed: bool
    reasons: tuple[str, ...]
    checks: tuple[Check, ...] = ()

    @property
    def gates(self) -> tuple[Check, ...]:
        """The conditions that the model was held against."""
        return tuple(check for check in self.checks if check.gate)

    @property
    def beside(self) -> dict[str, list[Check]]:
        """The comparisons, by the title of the other model."""
        titles = dict.fromkeys(check.beside for check in self.gates if check.beside)
        return {title: [each for each in self.gates if each.beside == title] for title in titles}

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was not judged."""
        return tuple(check.words for check in self.checks if not check.gate)


def judge(
    candidate: Judged,
    references: Sequence[Judged] = (),
    notes: Sequence[str] = (NO_BASELINE,),
    drift: DriftReport | None = None,
) -> Verdict:
    """Applies the conditions of all registered metrics.

    A metric that a model has no number for (None, or absent) is not judged.

    Args:
      candidate: the model in question.
      references: the models that it may not be worse than, on the same images with the same noise.
      notes: why it is not compared with others.
      drift: the drift of the newest span, where the data has spans.
    """
    broken = not_finite(candidate.metrics)
    if broken:
        checks = [Check(False, f"not finite: {', '.join(broken)}", "finite numbers")]
    else:
        checks = list(check_thresholds(candidate))
    checks.extend(Check(True, words) for words in _not_judged(candidate))
    if all(check.passed for check in checks):  # a comparison with nonsense says nothing
        checks.extend(compare(candidate, references))
        checks.extend(Check(True, note) for note in notes)
    if drift:
        checks.extend(Check(*check) for check in drift.checks())
    blessed = all(check.passed for check in checks)
    reasons = tuple(check.words for check in checks if check.passed == blessed)
    return Verdict(blessed, reasons, tuple(checks))


def _not_judged(candidate: Judged) -> Iterator[str]:
    """Yields what a model is not judged by, though models of its kind are."""
    if not has_prior(candidate):
        yield "its samples are not judged: an autoencoder has no prior to draw them from"
    missing = [
        metric.rows[0].title if metric.rows else metric.key
        for metric in METRICS.values()
        if metric.conditions
        and metric.key in candidate.metrics
        and candidate.metrics[metric.key] is None
        and not {"condition", "has_posterior"} & set(metric.needs)
    ]
    if missing:
        yield f"not judged, as there is no number: {', '.join(missing)}"


def compare(candidate: Judged, references: Sequence[Judged]) -> Iterator[Check]:
    """Yields the outcomes of the conditions on a model beside each of the references."""
    found, missing = [], []
    for reference in references:
        for metric, condition in all_conditions(NonInferior):
            margin = getattr(candidate.config, condition.limit)
            instead = candidate.metrics.get(condition.unless)
            if margin is None or instead is not None or candidate.metrics.get(metric.key) is None:
                continue
            if condition.sampled and not has_prior(candidate):
                continue
            beside = condition.compare(candidate, reference, margin)
            if beside is None:
                missing.append(f"{metric.key}, beside {reference.title}'s: not compared")
            else:
                found.append((reference, next((row.words for row in metric.rows), ""), beside))
    for reference, meaning, beside in found:
        check = _outcome(candidate, reference, beside, len(found))
        yield check._replace(meaning=meaning)
    yield from (Check(True, words) for words in missing)


def _outcome(candidate: Judged, reference: Judged, beside: Beside, comparisons: int) -> Check:
    comparison, amount = beside.comparison, beside.amount
    outcome = comparison.outcome(comparisons)
    worse, most = comparison.worse, comparison.at_most
    change = f"{amount(worse)} worse" if worse > 0 else f"{amount(-worse)} better"
    surely = f"at most {amount(most)} worse" if most > 0 else "better"
    words = (
        f"{beside.number} {beside.value}, {reference.title}'s {beside.other}: {change}, with 95% "
        f"confidence {surely} (allowed: {amount(comparison.margin)})"
    )
    if outcome == TOO_FEW:
        needed = candidate.needed(comparison.needed(comparisons), beside.sampled)
        words = f"too few images to compare: {words}; {needed}"
    return Check(
        passed=outcome == PASSED,
        words=words,
        gate=beside.number,
        value=beside.value,
        limit=f"at most {amount(comparison.margin)} worse",
        outcome=outcome,
        beside=reference.title,
        other=beside.other,
        bound=surely,
    )


def is_better(candidate: Judged, reference: Judged) -> bool:
    """Returns true where a model beats another beyond noise in what an image costs."""
    ((_, condition),) = (each for each in all_conditions(NonInferior) if each[0] is METRICS["gain"])
    beside = condition.compare(candidate, reference, 0.0)
    return beside is not None and beside.comparison.better
