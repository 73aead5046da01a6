"""Whether a model may be pushed, and why (not), in words."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.class_coverage import dropped
from components.span_drift.drift import DriftReport

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
    difference: tuple[float, float] | None = None,
    drift: DriftReport | None = None,
) -> Verdict:
    """Applies the thresholds to metrics as `components.artifacts.Evaluation` describes them.

    What a model has no number for (None, or absent) is not judged.

    Args:
      candidate: of the model in question.
      config: the thresholds.
      baseline: of the blessed model, on the same images with the same noise; None to skip
        the comparison.
      note: why the comparison is skipped.
      difference: interval of what an image costs more than with the baseline, in nats; None:
        the difference is taken as exact.
      drift: of the newest span from the last blessed one, where the data has spans.
    """
    checks = list(_absolute(candidate, config))
    if all(passed for passed, _ in checks):  # a comparison with nonsense says nothing
        if baseline:
            checks.append(_relative(candidate, baseline, config, difference))
            checks.extend(_of_samples(candidate, baseline, config))
        else:
            checks.append((True, note))
    if drift:
        checks.extend(drift.checks())
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
        f"{'' if units >= allowed else 'posterior collapse: '}"
        f"{units} of {metrics['latent_dim']} latent dimensions are in use (at least {allowed})",
    )
    left = metrics["unexplained"]
    yield (
        left <= config.max_unexplained,
        f"reconstructions leave {left:.1%} of a constant mean image's error "
        f"(at most {config.max_unexplained:.1%})",
    )

    nearest = metrics.get("nearest_train")
    if nearest:
        more = nearest["memorised"] - nearest["memorised_held_out"]
        yield (
            more <= config.max_memorised,
            f"{nearest['memorised']:.1%} of {nearest['samples']:,} samples are copies of training "
            f"images, of held-out images {nearest['memorised_held_out']:.1%} "
            f"(at most {config.max_memorised:.1%} more)",
        )
    if metrics.get("classes"):
        yield _no_class_dropped(metrics["classes"], config)


def _no_class_dropped(
    classes: dict[str, dict[str, float]], config: EvaluationConfig
) -> tuple[bool, str]:
    missing = [
        f"{name} ({share['sampled']:.1%} of samples, {share['real']:.1%} of real images)"
        for name, share in classes.items()
        if dropped(share["real"], share["sampled"], config.samples, config.min_class_share)
    ]
    least = f"at least {config.min_class_share:.0%} of its share of real images"
    if missing:
        return False, f"dropped classes: {', '.join(missing)}; each needs {least}"
    return True, f"none of {len(classes)} classes is missing from the samples ({least})"


def _relative(
    candidate: dict[str, Any],
    baseline: dict[str, Any],
    config: EvaluationConfig,
    difference: tuple[float, float] | None,
) -> tuple[bool, str]:
    measure = "negative ELBO"
    if candidate["elbo"] is None:  # nor has the baseline one: see the executor
        measure = "reconstruction loss (there is no ELBO without a posterior)"
    new, old = _nats(candidate), _nats(baseline)
    if not math.isfinite(old):
        return True, f"the blessed model's {measure} is not finite on this data: not compared"
    scale = max(abs(old), 1e-12)
    change, surely = (new - old) / scale, (new - old) / scale
    between = ""
    if difference is not None:
        surely = difference[0] / scale
        between = f", {surely:.1%} to {difference[1] / scale:.1%} with 95% confidence"
    direction = "worse" if change > 0 else "better"
    return (
        surely <= config.max_worsening,
        f"{measure} {new:.2f} nats against the blessed model's {old:.2f}: "
        f"{abs(change):.1%} {direction}{between} (at most {config.max_worsening:.1%} worse)",
    )


def _of_samples(
    candidate: dict[str, Any], baseline: dict[str, Any], config: EvaluationConfig
) -> Iterator[tuple[bool, str]]:
    """Distances of samples from real images: refused where even the better end of the
    candidate's interval is worse than allowed after the worse end of the blessed model's."""
    for key, words in (
        ("cfid_samples", "cFID of samples"),
        ("sliced_wasserstein", "sliced Wasserstein distance of samples"),
    ):
        new, old = candidate.get(key), baseline.get(key)
        if new is None or old is None or not math.isfinite(old):
            continue
        low, high = candidate[f"{key}_interval"]
        old_low, old_high = baseline[f"{key}_interval"]
        yield (
            low <= old_high * (1 + config.max_sample_worsening),
            f"{words} {new:.4g} ({low:.4g} to {high:.4g}) against the blessed model's "
            f"{old:.4g} ({old_low:.4g} to {old_high:.4g}) (at most "
            f"{config.max_sample_worsening:.0%} worse, beyond both intervals)",
        )


def _nats(metrics: dict[str, Any]) -> float:
    """What an image costs; lower is better."""
    return metrics["reconstruction_loss"] if metrics["elbo"] is None else -metrics["elbo"]
