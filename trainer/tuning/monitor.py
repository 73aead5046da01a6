"""Reports the progress of a search from the files that its trials write in any process."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
from collections.abc import Iterator

from trainer.training.progress import LOGGER
from trainer.tuning.config import OBJECTIVES, TunerConfig
from trainer.tuning.trial_store import COMPLETED, FAILED, Trial, ranked, read_trials

INTERVAL = 0.5  # seconds
OVER = (COMPLETED, FAILED)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchProgress:
    """The extra attribute `search` of a record of `latentforge.progress`.

    trials: in the order of their beginning.
    ended: those of them that are over since the record before.
    epochs: of a trial, at most.
    """

    trials: tuple[Trial, ...]
    ended: tuple[Trial, ...]
    max_trials: int
    epochs: int
    objective: str

    def ranked(self) -> list[Trial]:
        """Returns the trials, the best first."""
        return ranked(list(self.trials), OBJECTIVES[self.objective])

    def __str__(self) -> str:
        return "\n    ".join(_in_words(trial, self.max_trials) for trial in self.ended)


@contextlib.contextmanager
def watching(directory: str, config: TunerConfig) -> Iterator[None]:
    """Logs whenever something has changed: INFO when a trial is over, DEBUG for epochs."""
    stop = threading.Event()
    reported: list[Trial] = []

    def report() -> None:
        trials = read_trials(directory)
        if trials == reported:
            return
        over = {trial.number for trial in reported if trial.state in OVER}
        ended = [trial for trial in trials if trial.state in OVER and trial.number not in over]
        reported[:] = trials
        progress = SearchProgress(
            trials=tuple(trials),
            ended=tuple(ended),
            max_trials=config.max_trials,
            epochs=config.epochs,
            objective=config.objective,
        )
        level = logging.INFO if ended else logging.DEBUG
        LOGGER.log(level, "%s", progress, extra={"search": progress})

    def report_regularly() -> None:
        while not stop.wait(INTERVAL):
            report()

    thread = threading.Thread(target=report_regularly, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        report()


def _in_words(trial: Trial, of: int) -> str:
    values = "  ".join(f"{name} {value:g}" for name, value in trial.values.items())
    score = trial.message if trial.score is None else f"score {trial.score:.4g}"
    return f"trial {trial.number}/{of}  {trial.state}  {values}  {score}  {trial.seconds:.1f} s"
