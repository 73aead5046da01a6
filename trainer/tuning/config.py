"""The `tuner` section of a config. Standard library only."""

from __future__ import annotations

import dataclasses

from data_prep.config_base import at_least, one_of, positive, require
from data_prep.errors import InputError
from trainer.config import TrainerConfig
from trainer.data.shape import DataShape
from trainer.hyperparameters import Overrides, with_values
from trainer.tuning.space import Range, SearchSpace, check_space

ALGORITHMS = ("bayesian", "hyperband", "random")
# name -> whether larger is better; see trainer.tuning.objective for what they are
OBJECTIVES = {
    "samples_and_reconstruction": False,
    "val_elbo": True,
    "cfid": False,
    "attribute_auc": True,
    "distortion_at_rate": False,
}
CHANGES_NO_TRIAL = ("enabled", "max_trials", "parallel_trials", "trial_minutes", "overrides")
NEED_PRIOR = ("val_elbo", "distortion_at_rate")


def _default_space() -> SearchSpace:
    return SearchSpace(
        beta=Range(min=0.1, max=10, scale="log"),
        learning_rate=Range(min=3e-4, max=3e-3, scale="log"),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class TunerConfig:
    """What is searched, how, and by which measure.

    objective: one of `OBJECTIVES`. None contains beta, so beta cannot choose itself.
    reconstruction_weight: of the reconstruction error beside the distance of samples, each
      relative to what a mean image scores, in `samples_and_reconstruction`.
    rate: nats of KL that `distortion_at_rate` allows.
    max_trials: also of a search that was finished before with fewer.
    initial_trials: random ones, before `bayesian` has a model of the objective.
    epochs: of each trial; with `hyperband` of the longest.
    hyperband_factor: of epochs and of trials between one round and the next.
    data_fraction: of the train split that trials learn from.
    eval_images: of the eval split that trials are measured on, at most.
    projections: random directions of the sliced Wasserstein distance.
    parallel_trials: processes that train at the same time.
    trial_minutes: after that a trial has failed; 0: no limit.
    best_hyperparameters: URI of an earlier search's artifact, to train with without searching.
    overrides: hold for the Trainer whatever was found.
    space: replaces the default of beta and learning_rate.
    """

    enabled: bool = False
    algorithm: str = "bayesian"
    objective: str = "samples_and_reconstruction"
    reconstruction_weight: float = 1.0
    rate: float = 20.0
    max_trials: int = 20
    initial_trials: int = 6
    epochs: int = 5
    hyperband_factor: int = 3
    data_fraction: float = 1.0
    eval_images: int = 2000
    projections: int = 256
    seed: int = 0
    parallel_trials: int = 1
    trial_minutes: float = 0.0
    best_hyperparameters: str = ""
    overrides: Overrides = dataclasses.field(default_factory=Overrides)
    space: SearchSpace = dataclasses.field(default_factory=_default_space)

    def __post_init__(self) -> None:
        one_of(self, "algorithm", ALGORITHMS)
        one_of(self, "objective", OBJECTIVES)
        at_least(self, 0, "reconstruction_weight", "trial_minutes")
        positive(self, "rate")
        ranges = {
            "max_trials": (1, 10_000),
            "initial_trials": (1, 10_000),
            "epochs": (1, 100_000),
            "hyperband_factor": (2, 100),
            "eval_images": (10, 1_000_000),
            "projections": (1, 100_000),
            "seed": (0, 2**31 - 2),
            "parallel_trials": (1, 256),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            require(low <= value <= high, name, value, f"{low} to {high}")
        require(
            0 < self.data_fraction <= 1,
            "data_fraction",
            self.data_fraction,
            "a fraction above 0, at most 1",
        )
        require(
            not (self.enabled and self.best_hyperparameters),
            "best_hyperparameters",
            self.best_hyperparameters,
            "nothing with enabled: true, which finds its own",
        )

    @property
    def in_use(self) -> bool:
        """Whether the Trainer is given hyper-parameters, found now or before."""
        return self.enabled or bool(self.best_hyperparameters)

    def of_trials(self) -> TunerConfig:
        """Without what changes no trial, so that a search can go on with more of them."""
        default = TunerConfig()
        return dataclasses.replace(
            self, **{name: getattr(default, name) for name in CHANGES_NO_TRIAL}
        )

    def trial_settings(self, settings: TrainerConfig) -> TrainerConfig:
        """The settings of every trial, but for what is searched."""
        train = dataclasses.replace(
            settings.train,
            epochs=self.epochs,
            early_stopping_patience=0,
            warm_start=False,
            pictures=False,
        )
        return dataclasses.replace(settings, train=train)


def check_tuner(
    config: TunerConfig, settings: TrainerConfig, shape: DataShape | None = None
) -> None:
    """Refuses a search that the trainer's config or the data makes impossible.

    Args:
      config: the search.
      settings: of every trial, but for what is searched.
      shape: of the data; None where it is not known yet.

    Raises:
      InputError: naming the key below `tuner`, the value and what is allowed.
    """
    try:
        with_values(settings, config.overrides.given())
    except InputError as error:
        raise InputError(f"tuner.overrides: {error}") from None
    if not config.enabled:
        require(
            config.in_use or not config.overrides.given(),
            "tuner.overrides",
            config.overrides.given(),
            "nothing without a search or best_hyperparameters",
        )
        return
    try:
        check_space(config.space, settings)
    except InputError as error:
        raise InputError(f"tuner.{error}") from None
    objectives = [name for name in OBJECTIVES if settings.model.has_prior or name not in NEED_PRIOR]
    require(
        config.objective in objectives,
        "tuner.objective",
        config.objective,
        f"{', '.join(objectives)} with family {settings.model.family}, which has no KL",
    )

    named = shape is None or shape.labelled or bool(shape.attributes)
    require(
        named or config.objective != "attribute_auc",
        "tuner.objective",
        config.objective,
        f"{', '.join(OBJECTIVES)}, but this one only with data that has labels or attributes",
    )
