"""The choice among noisy trials: known answers, and simulations whose truth is known."""

import dataclasses
import math

import numpy as np
import pytest

from trainer.tuning.config import TunerConfig
from trainer.tuning.selection import pooled_noise, select, simplicity, to_repeat
from trainer.tuning.trial_store import Trial, ranked

CONFIG = TunerConfig(objective="cfid")  # lower is better; 3 trials are repeated twice


def trial(number, score, repeat=0, **values):
    state = "failed" if score is None else "completed"
    values = values or {"learning_rate": 0.001 * number}
    return Trial(number=number, state=state, values=values, score=score, repeat=repeat)


def runs_of(number, first, *scores, **values):
    """A trial, and its repeats."""
    again = [trial(number, score, repeat, **values) for repeat, score in enumerate(scores, 1)]
    return trial(number, first, **values), again


def selection_of(*groups, config=CONFIG):
    return select(
        [one for one, _ in groups], [each for _, again in groups for each in again], config
    )


def numbers(selection):
    return [each.trial.number for each in selection.standings]


def test_the_noise_is_pooled_within_the_trials():
    scores = [[1.0, 2.0, 3.0], [10.0, 10.0, 13.0], [5.0], []]
    noise, freedom = pooled_noise(scores)
    assert (noise, freedom) == (pytest.approx(math.sqrt((2 + 6) / 4)), 4)
    assert pooled_noise([[1.0], [3.0]]) == (None, 0)


def test_means_their_errors_and_who_is_within_noise():
    found = selection_of(
        runs_of(1, 1.0, 1.3, 1.0), runs_of(2, 1.1, 1.0, 1.2), runs_of(3, 1.5, 1.6, 1.7),
        runs_of(4, 1.6), runs_of(5, 9.0), runs_of(6, None),
    )  # fmt: skip
    assert numbers(found) == [1, 2, 3, 4, 5, 6]
    noise = math.sqrt((0.06 + 0.02 + 0.02) / 6)
    assert found.noise == pytest.approx(noise) and found.degrees_of_freedom == 6
    assert [each.runs for each in found.standings] == [3, 3, 3, 1, 1, 0]
    means = [each.mean for each in found.standings]
    assert means[:5] == pytest.approx([1.1, 1.1, 1.6, 1.6, 9.0]) and means[5] is None
    errors = [each.standard_error for each in found.standings]
    assert errors[:4] == pytest.approx([noise / math.sqrt(3)] * 3 + [noise]) and errors[5] is None
    # Student's t, one-sided 5 %, 6 degrees of freedom: 1.943; the margins are .205 and .290
    assert [each.within_noise for each in found.standings] == [True, True, *[False] * 3, None]
    assert found.gap == pytest.approx(0, abs=1e-12)


def test_the_simplest_within_one_standard_error_is_chosen():
    def chosen(*values, second=1.05):
        """Of three trials with means 1, `second` and 1.3; one standard error is .1."""
        spread = 0.1 * math.sqrt(3)
        groups = [
            runs_of(number, mean, mean - spread, mean + spread, **each)
            for number, (mean, each) in enumerate(zip((1, second, 1.3), values, strict=True), 1)
        ]
        found = selection_of(*groups)
        assert found.standings[0].standard_error == pytest.approx(0.1)
        assert found.best.trial.number == 1
        return found.chosen.trial.number

    wide, narrow = {"latent_dim": 16, "beta": 2.0}, {"latent_dim": 8, "beta": 1.0}
    assert chosen(wide, narrow, {"latent_dim": 2}) == 2  # the third is too far off
    assert chosen(wide, narrow, {"latent_dim": 2}, second=1.101) == 1  # and now the second
    assert chosen(wide, wide | {"beta": 2.5}, narrow) == 2
    assert chosen(wide, wide | {"beta": 1.5}, narrow) == 1
    assert chosen(wide | {"width": 1.0}, wide | {"width": 0.5}, narrow) == 2
    assert chosen({"learning_rate": 0.1}, {"learning_rate": 0.2}, {"learning_rate": 0.3}) == 1
    assert simplicity({"latent_dim": 4}) < simplicity({"latent_dim": 5, "beta": 9})


def test_higher_is_better_where_the_objective_says_so():
    config = dataclasses.replace(CONFIG, objective="val_elbo")
    groups = [runs_of(1, -80.0, -82.0, -81.0), runs_of(2, -70.0, -90.0, -89.0), runs_of(3, -99.0)]
    found = selection_of(*groups, config=config)
    assert numbers(found) == [1, 2, 3] and found.chosen.trial.number == 1
    assert [trial.number for trial in to_repeat([one for one, _ in groups], config)] == [2, 1, 3]


def test_a_trial_that_diverges_with_another_seed_is_not_chosen_while_others_do_not():
    found = selection_of(runs_of(1, 1.0, None, 1.0), runs_of(2, 2.0, 2.1, 2.2), runs_of(3, 3.0))
    assert numbers(found) == [2, 1, 3] and found.chosen.trial.number == 2
    assert (found.standings[1].runs, found.standings[1].failed_runs) == (2, 1)
    found = selection_of(runs_of(1, 1.0, None, 1.0), runs_of(2, 2.0, None, None))
    assert found.chosen.trial.number == 1


def test_without_repeats_the_best_score_wins_and_nothing_is_said_about_noise():
    off = [dataclasses.replace(CONFIG, **{name: 0}) for name in ("repeat_best", "repeat_seeds")]
    groups = [runs_of(1, 2.0, 1.0, 1.0), runs_of(2, 1.5, 9.0, 9.0), runs_of(3, 3.0)]
    for config in off:
        found = selection_of(*groups, config=config)
        assert numbers(found) == [2, 1, 3] and found.chosen.trial.number == 2
        assert found.noise is None and "not known" in found.in_words()
        assert {each.within_noise for each in found.standings} == {None}
    assert select([], [], CONFIG).chosen is None
    assert selection_of(runs_of(1, None)).in_words() == "no trial has a score"


def test_repeats_that_the_config_does_not_ask_for_do_not_count():
    groups = [runs_of(1, 1.0, 5.0, 9.0), runs_of(2, 2.0, 2.0, 2.0), runs_of(3, 3.0, 0.0, 0.0)]
    asked = dataclasses.replace(CONFIG, repeat_best=2, repeat_seeds=1)
    found = selection_of(*groups, config=asked)
    assert [(each.trial.number, each.runs) for each in found.standings] == [(2, 2), (1, 2), (3, 1)]
    running = [dataclasses.replace(each, state="running", score=None) for each in groups[0][1]]
    found = select([one for one, _ in groups], running, CONFIG)
    assert [each.runs for each in found.standings] == [1, 1, 1]


def test_equal_values_are_repeated_once():
    """Hyperband trains trials on: the longer and the shorter have the same values."""
    trials = [
        trial(n, score, beta=beta) for n, score, beta in [(1, 3, 1.0), (2, 1, 2.0), (3, 2, 2.0)]
    ]
    assert [each.number for each in to_repeat(trials, CONFIG)] == [2, 1]


def test_the_noise_is_said_in_words():
    found = selection_of(
        runs_of(1, 1.0, 1.3, 1.0, latent_dim=8), runs_of(2, 1.1, 1.0, 1.25, latent_dim=4),
        runs_of(3, 9.0),
    )  # fmt: skip
    assert found.in_words() == (
        "noise of a run 0.15 (4 degrees of freedom), gap between first and second 0.017; "
        "2 trials cannot be distinguished: 1, 2; chosen is trial 2, the simplest within one "
        "standard error (0.087) of the best, trial 1"
    )
    found = selection_of(runs_of(1, 1.0, 1.01, 1.02), runs_of(2, 2.0, 2.01, 2.02))
    assert "trial 1 is the best beyond noise; chosen is trial 1, which has" in found.in_words()


class Searches:
    """Searches of 12 trials whose true scores are known: normal with deviation `spread`.

    A run has noise of deviation 1. Simplicity has nothing to do with the truth, so choosing by it
    can only cost.
    """

    def __init__(self, spread, count=400, seed=0):
        rng = np.random.default_rng(seed)
        self.truth = rng.normal(0, spread, (count, 12))
        self.scores = self.truth[..., None] + rng.normal(0, 1, (count, 12, 3))
        self.latents = rng.permuted(np.tile(np.arange(12), (count, 1)), axis=1)

    def selections(self):
        for scores, latents in zip(self.scores, self.latents, strict=True):
            groups = [
                runs_of(number, *each, latent_dim=int(latent))
                for number, (each, latent) in enumerate(zip(scores, latents, strict=True), 1)
            ]
            repeated = {each.number for each in to_repeat([one for one, _ in groups], CONFIG)}
            yield selection_of(*((one, again * (one.number in repeated)) for one, again in groups))

    def regret_of(self, chosen):
        """Returns true score of the chosen minus the best true score, for each search."""
        return self.truth[np.arange(len(self.truth)), chosen] - self.truth.min(axis=1)

    def todays(self):
        """The lowest of the scores with one seed."""
        return self.regret_of(self.scores[..., 0].argmin(axis=1))


@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0])
def test_repeats_choose_better_than_the_best_score_of_one_seed(spread):
    searches = Searches(spread)
    found = list(searches.selections())
    regret = searches.regret_of([each.chosen.trial.number - 1 for each in found])
    today = searches.todays()
    error = np.std(today - regret) / math.sqrt(len(regret))
    assert today.mean() - regret.mean() > 2 * error
    near = 1 / math.sqrt(3)  # one standard error
    assert (regret <= near).mean() > (today <= near).mean() + 0.04
    # the noise is measured
    assert np.mean([each.noise for each in found]) == pytest.approx(1, abs=0.12)


def test_the_first_run_counts_although_it_was_lucky():
    """Means of all runs choose better than means of the repeats alone, at every spread."""
    for spread in (0.5, 1.0, 2.0, 4.0):
        searches = Searches(spread, count=20_000)
        first = np.argsort(searches.scores[..., 0], axis=1)[:, :3]
        runs = np.take_along_axis(searches.scores, first[..., None], axis=1)

        def regret(means, first=first, searches=searches):
            best = np.take_along_axis(first, means.argmin(axis=1)[:, None], axis=1)[:, 0]
            return searches.regret_of(best)

        whole, fresh = regret(runs.mean(axis=2)), regret(runs[..., 1:].mean(axis=2))
        assert (fresh - whole).mean() > 2 * np.std(fresh - whole) / math.sqrt(len(whole))


@pytest.mark.parametrize("spread", [0.5, 1.0, 3.0])
def test_the_truly_best_is_within_noise_of_the_best(spread):
    searches = Searches(spread, count=600, seed=1)
    covered, marked = [], []
    for truth, found in zip(searches.truth, searches.selections(), strict=True):
        alike = {each.trial.number for each in found.standings if each.within_noise}
        covered.append(truth.argmin() + 1 in alike)
        marked.append(len(alike))
    assert np.mean(covered) > 0.93
    assert np.mean(marked) < 10  # and it is no empty claim


def test_ranked_is_the_rule_without_repeats():
    trials = [trial(1, 2.0), trial(2, 1.0)]
    off = dataclasses.replace(CONFIG, repeat_best=0)
    assert select(trials, [], off).chosen.trial == ranked(trials, maximize=False)[0]
