"""The choice among trials whose scores are noisy: repeats, standard errors, the simplest of equals.

The score of one training varies with its seed, and the best of many scores is lucky as a rule. So
the best trials are trained again with other seeds, and compared by the means of all their runs.

The first run counts in the mean although it was selected for its luck: among the trials that are
repeated it still holds information, and choosing without it is worse (`tests/trainer/tuning/
test_selection.py` simulates both). Selected means stay optimistic: that of the chosen trial by
about half the noise of a run where the trials differ by no more than that.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy import stats

from trainer.tuning.config import OBJECTIVES, TunerConfig
from trainer.tuning.trial_store import COMPLETED, FAILED, Trial, ranked

# Of two trials that score alike the simpler is chosen: the first of these that differs decides.
# A smaller latent, a larger weight of the KL (fewer nats through the code), a narrower network.
SIMPLER = {"latent_dim": 1, "beta": -1, "width": 1}  # 1: less is simpler, -1: more is
LEVEL = 0.95  # of "within noise of the best"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Standing:
    """A trial with its repeats, and where it stands: a row of the table of trials.

    repeats: as far as they are over, completed or failed.
    runs: how many scores `mean` averages, that of the trial itself included.
    mean: of the scores; None where the trial has none.
    standard_error: of the mean, by the noise that all repeated trials share; None where no
      noise is known.
    within_noise: the best mean is no further off than noise may move it; None where unknown.
    chosen: its values go to the Trainer.
    """

    trial: Trial
    repeats: tuple[Trial, ...] = ()
    runs: int = 0
    mean: float | None = None
    standard_error: float | None = None
    within_noise: bool | None = None
    chosen: bool = False

    @property
    def failed_runs(self) -> int:
        """Returns how many of the repeats failed."""
        return sum(repeat.state == FAILED for repeat in self.repeats)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Selection:
    """The trials of a search in the order of their means, and what noise says about the order.

    noise: standard deviation of a score between runs with equal values; None where no trial was
      repeated.
    degrees_of_freedom: of `noise`.
    """

    standings: tuple[Standing, ...]
    noise: float | None = None
    degrees_of_freedom: int = 0

    @property
    def chosen(self) -> Standing | None:
        """Returns the chosen trial; None where every trial failed."""
        return next((each for each in self.standings if each.chosen), None)

    @property
    def best(self) -> Standing | None:
        """Returns the trial with the best mean, which need not be the chosen one."""
        return self.standings[0] if self.standings and self.standings[0].runs else None

    @property
    def gap(self) -> float | None:
        """Returns the distance of the two best means; None where fewer are known."""
        means = [each.mean for each in self.standings[:2] if each.mean is not None]
        return abs(means[1] - means[0]) if len(means) == 2 else None

    def in_words(self) -> str:
        """Returns a sentence: how large the noise of a run is against the distance of the best."""
        best, chosen = self.best, self.chosen
        if best is None or chosen is None:
            return "no trial has a score"
        if self.noise is None:
            return "no trial was repeated, so how much of the order is noise is not known"
        gap = "" if self.gap is None else f", gap between first and second {self.gap:.2g}"
        said = f"trial {best.trial.number} is the best beyond noise"
        alike = sorted(each.trial.number for each in self.standings if each.within_noise)
        if len(alike) > 1:
            numbers = ", ".join(map(str, alike))
            said = f"{len(alike)} trials cannot be distinguished: {numbers}"
        why = "which has the best mean"
        if chosen is not best:
            why = (
                f"the simplest within one standard error ({best.standard_error:.2g}) of the best, "
                f"trial {best.trial.number}"
            )
        return (
            f"noise of a run {self.noise:.2g} ({self.degrees_of_freedom} degrees of freedom)"
            f"{gap}; {said}; chosen is trial {chosen.trial.number}, {why}"
        )


def to_repeat(trials: Sequence[Trial], config: TunerConfig) -> list[Trial]:
    """Returns the trials that are to be repeated, the best first.

    They differ in their values: of a trial and the one it went on from, the better is repeated.
    """
    found: list[Trial] = []
    for trial in ranked(list(trials), OBJECTIVES[config.objective]):
        if trial.score is not None and all(trial.values != other.values for other in found):
            found.append(trial)
    return found[: config.repeat_best] if config.repeat_seeds else []


def select(trials: Sequence[Trial], repeats: Iterable[Trial], config: TunerConfig) -> Selection:
    """Returns the trials in the order of their means, with the chosen one among them.

    Compared first are trials that were repeated without a failure: values with which one
    training in three diverges are not the best ones. Those that never were repeated
    stand behind all that were, as their one score was worse.

    Args:
      trials: of the search.
      repeats: of any of its trials; those that run are left out, and those that the config does
        not ask for, so that the result does not depend on what was asked for before.
      config: says how many of the best are repeated, and how often.
    """
    maximize = OBJECTIVES[config.objective]
    asked = {trial.number for trial in to_repeat(trials, config)}
    by_trial: dict[int, list[Trial]] = {number: [] for number in asked}
    for repeat in repeats:
        over = repeat.state in (COMPLETED, FAILED)
        if over and repeat.number in asked and repeat.repeat <= config.repeat_seeds:
            by_trial[repeat.number].append(repeat)
    scores = {trial.number: _scores(trial, by_trial.get(trial.number, ())) for trial in trials}
    noise, freedom = pooled_noise(scores.values())

    standings = []
    for trial in trials:
        values, again = scores[trial.number], by_trial.get(trial.number, [])
        standings.append(
            Standing(
                trial=trial,
                repeats=tuple(again),
                runs=len(values),
                mean=float(np.mean(values)) if values else None,
                standard_error=(
                    noise / math.sqrt(len(values)) if values and noise is not None else None
                ),
            )
        )
    sign = -1 if maximize else 1
    standings.sort(key=lambda s: (_class(s), sign * (s.mean or 0.0), s.trial.number))
    if not standings or not standings[0].runs:
        return Selection(standings=tuple(standings))
    chosen = _simplest(standings, sign)
    margin = noise * stats.t.ppf(LEVEL, freedom) if noise is not None else None
    return Selection(
        standings=tuple(
            dataclasses.replace(
                each,
                chosen=each is chosen,
                within_noise=_within_noise(each, standings[0], margin, sign),
            )
            for each in standings
        ),
        noise=noise,
        degrees_of_freedom=freedom,
    )


def pooled_noise(scores: Iterable[Sequence[float]]) -> tuple[float | None, int]:
    """Returns the standard deviation of runs with equal values, and its degrees of freedom.

    Three runs of one trial say little about their spread (2 degrees of freedom), so the variances
    within all trials are pooled: the sum of squares about each trial's mean, divided by the number
    of runs less that of trials. It takes the noise for the same in all of them, and counts a
    collapse with one seed as noise. None and 0 where no trial has two scores.

    Args:
      scores: of each trial, one for each of its runs.
    """
    several = [np.asarray(each, float) for each in scores if len(each) > 1]
    freedom = sum(len(each) - 1 for each in several)
    if not freedom:
        return None, 0
    squares = sum(float(np.square(each - each.mean()).sum()) for each in several)
    return math.sqrt(squares / freedom), freedom


def _scores(trial: Trial, repeats: Iterable[Trial]) -> list[float]:
    if trial.score is None:
        return []
    return [each.score for each in (trial, *repeats) if each.score is not None]


def _class(standing: Standing) -> int:
    """Returns 0 for a trial repeated without failure, 1 with one, 2 if not repeated, 3 failed."""
    if not standing.runs:
        return 3
    if not standing.repeats:
        return 2
    return 1 if standing.failed_runs else 0


def _simplest(standings: Sequence[Standing], sign: int) -> Standing:
    """Returns the simplest trial within one standard error of the best; of equals the better.

    The one-standard-error rule of Hastie, Tibshirani and Friedman 2009, "The Elements of
    Statistical Learning", section 7.10: the most parsimonious model whose error is no more than
    one standard error above the error of the best. Only trials that were compared as thoroughly as
    the best one can be chosen.
    """
    best = standings[0]
    assert best.mean is not None
    bound = sign * best.mean + (best.standard_error or 0.0)
    near = [
        each
        for each in standings
        if _class(each) == _class(best) and each.mean is not None and sign * each.mean <= bound
    ]
    if best.standard_error is None:
        near = [best]
    return min(near, key=lambda each: simplicity(each.trial.values))  # min keeps the first


def simplicity(values: Mapping[str, float]) -> tuple[float, ...]:
    """Returns a key that sorts the simplest values first; see `SIMPLER`."""
    return tuple(sign * values.get(name, 0.0) for name, sign in SIMPLER.items())


def _within_noise(
    standing: Standing, best: Standing, margin: float | None, sign: int
) -> bool | None:
    """Returns True where noise alone may put a trial this far behind the best one.

    Student's t of the difference of two means, one-sided at `LEVEL`, with the pooled noise. A
    trial with one run has the wider margin. `margin` is that of a difference whose variance is the
    noise's; None where the noise is unknown.
    """
    if standing.mean is None or margin is None:
        return None
    assert best.mean is not None
    behind = sign * (standing.mean - best.mean)
    return bool(behind <= margin * math.sqrt(1 / standing.runs + 1 / best.runs))
