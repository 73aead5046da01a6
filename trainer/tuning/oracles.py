"""keras-tuner's algorithms, made to go on after a kill as if nothing had happened.

keras-tuner 1.4.8 alone does not: it writes its state in place, so a kill may leave half of it;
the last trial that ended is in that state as one that runs, and is run again; trials come back in
the order of a directory listing, on which the Gaussian process and the choice among equal scores
depend; a kill between two of its files leaves a trial that counts but never ran; and the random
numbers of its Bayesian search begin anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import keras_tuner
import numpy as np
from keras_tuner.oracles import BayesianOptimizationOracle, HyperbandOracle, RandomSearchOracle
from sklearn.gaussian_process import GaussianProcessRegressor

from trainer.config.hyperparameters import HYPERPARAMETERS
from trainer.training.json_files import write_json
from trainer.tuning.config import OBJECTIVES, SearchSpace, TunerConfig
from trainer.tuning.repeats import Repeating

OVER = ("COMPLETED", "FAILED")


class NoisyProcess:
    """A Gaussian process whose noise is the likeliest of some, and at least `noise`.

    keras-tuner gives its process a noise of 1 % of the spread of the scores: it takes a lucky
    score for a good place, and tries its surroundings. scikit-learn adds `alpha` to the diagonal
    of the covariance of scores that are scaled to variance 1, so a standard deviation of `noise`
    between runs is an alpha of (noise / standard deviation of the scores)^2. Of the alphas from
    there on, the one with the greatest marginal likelihood holds (Rasmussen and Williams 2006,
    "Gaussian Processes for Machine Learning", section 5.4.1): it covers what the process cannot
    describe as well.
    """

    ALPHAS = (1e-4, 0.01, 0.03, 0.1, 0.3, 1.0)

    def __init__(self, make: Callable[[], GaussianProcessRegressor], noise: float) -> None:
        """
        Args:
          make: returns a process that has seen nothing.
          noise: standard deviation of a score between runs with equal values; 0: unknown.
        """
        self.make, self.noise = make, noise
        self.fitted = make()

    def fit(self, x: np.ndarray, y: np.ndarray) -> NoisyProcess:
        """Fits it to scores y [n] at x [n, dimensions]."""
        variance = float(np.var(y))
        least = max(self.noise**2 / variance, self.ALPHAS[0]) if variance else self.ALPHAS[0]
        alphas = (least, *(alpha for alpha in self.ALPHAS if alpha > least))
        processes = [self.make().set_params(alpha=alpha).fit(x, y) for alpha in alphas]
        self.fitted = max(processes, key=lambda each: each.log_marginal_likelihood_value_)
        return self

    def predict(self, x: np.ndarray, return_std: bool = False) -> Any:
        """Predicts scores without noise at x [n, dimensions], and their deviations where asked."""
        return self.fitted.predict(x, return_std=return_std)


class _Resuming:
    """A mixin before one of keras-tuner's oracles, which makes it resume."""

    def save(self: Any) -> None:
        write_json(self._get_oracle_fname(), self.get_state(), sort_keys=True)

    def _save_trial(self: Any, trial: Any) -> None:
        path = os.path.join(self._get_trial_dir(trial.trial_id), "trial.json")
        write_json(path, trial.get_state(), sort_keys=True)

    def reload(self: Any) -> None:
        super().reload()  # type: ignore[misc]
        self.trials = {name: self.trials[name] for name in self.start_order}
        self.end_order += [
            name
            for name in self._retry_queue
            if self.trials[name].status in OVER and name not in self.end_order
        ]
        waiting = {name for name in self._retry_queue if self.trials[name].status not in OVER}
        self._retry_queue = sorted(waiting, key=int, reverse=True)  # it is taken from the end

    def get_state(self: Any) -> dict[str, Any]:
        state = super().get_state()  # type: ignore[misc]
        return {**state, "tried_so_far": sorted(state["tried_so_far"])}


class Random(_Resuming, Repeating, RandomSearchOracle):
    """An oracle that draws values independently."""


class Hyperband(_Resuming, Repeating, HyperbandOracle):
    """Li et al. 2018, "Hyperband": many short trials, of which the best are trained on."""


class Bayesian(_Resuming, Repeating, BayesianOptimizationOracle):
    """A Gaussian process over the trials so far, tried where its lower confidence bound is lowest.

    The random numbers of each trial depend on the seed and the trial's number alone. Where the
    process proposes what was tried before, as it may with a few choices, a random value is
    tried instead. The process knows that scores are noisy.
    """

    def _make_gpr(self) -> NoisyProcess:
        return NoisyProcess(super()._make_gpr, self.tuner.noise or 0.0)

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        self._random_state = np.random.RandomState([self.seed, len(self.trials)])
        proposed = super().populate_space(trial_id)
        values = proposed.get("values")
        if values is not None and self._duplicate(values):
            return self._random_populate_space()
        return proposed


def make_oracle(config: TunerConfig) -> keras_tuner.Oracle:
    """Returns the oracle of a search.

    Every trial is tried once, and however many fail in a row, the search goes on.
    """
    direction = "max" if OBJECTIVES[config.objective] else "min"
    common: dict[str, Any] = {
        "objective": keras_tuner.Objective(config.objective, direction),
        "hyperparameters": hyperparameters(config.space),
        "tuner": config,
        "seed": config.seed + 1,  # keras-tuner takes 0 for "any"
        "max_retries_per_trial": 0,
        "max_consecutive_failed_trials": config.max_trials + 1,
    }
    if config.algorithm == "hyperband":
        rounds: dict[str, Any] = {"factor": config.hyperband_factor, "hyperband_iterations": None}
        oracle = Hyperband(max_epochs=config.epochs, **rounds, **common)
        oracle.max_trials = config.max_trials
        return oracle
    common["max_trials"] = config.max_trials
    if config.algorithm == "bayesian":
        return Bayesian(num_initial_points=config.initial_trials, **common)
    return Random(**common)


def hyperparameters(space: SearchSpace) -> keras_tuner.HyperParameters:
    """Returns the space in keras-tuner's terms."""
    declared = keras_tuner.HyperParameters()
    for name, values in space.ranges().items():
        kind, whole = HYPERPARAMETERS[name].kind, HYPERPARAMETERS[name].is_whole
        if values.choices:
            declared.Choice(name, [kind(value) for value in values.choices], ordered=True)
            continue
        assert values.min is not None and values.max is not None
        declare = declared.Int if whole else declared.Float
        step = values.step
        if step is not None and whole and values.scale == "linear":
            step = int(step)
        declare(name, kind(values.min), kind(values.max), step=step, sampling=values.scale)
    return declared
