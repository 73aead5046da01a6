"""Reports the progress of a search from the files that its trials write in any process."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
from collections.abc import Iterator

from trainer.training.progress import LOGGER
from trainer.tuning.config import TunerConfig
from trainer.tuning.selection import Selection, select, to_repeat
from trainer.tuning.trial_store import COMPLETED, FAILED, Trial, read_repeats, read_trials

INTERVAL = 0.5  # seconds
OVER = (COMPLETED, FAILED)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchProgress:
    """The extra attribute `search` of a record of `latentforge.progress`.

    trials: in the order of their beginning.
    repeats: of the best of them with other seeds, once all are over.
    ended: trials and repeats that are over since the record before.
    config: of the search.
    """

    trials: tuple[Trial, ...]
    ended: tuple[Trial, ...]
    config: TunerConfig
    repeats: tuple[Trial, ...] = ()

    @property
    def selection(self) -> Selection:
        """Returns the trials, the best first."""
        return select(self.trials, self.repeats, self.config)

    @property
    def max_repeats(self) -> int:
        """Returns how many repeats there will be."""
        return len(to_repeat(self.trials, self.config)) * self.config.repeat_seeds

    @property
    def is_over(self) -> bool:
        """Returns True where neither a trial nor a repeat is to come."""
        wanted = self.config.max_trials + self.max_repeats
        return wanted <= sum(run.state in OVER for run in (*self.trials, *self.repeats))

    def __str__(self) -> str:
        return "\n    ".join(_in_words(trial, self.config) for trial in self.ended)


@contextlib.contextmanager
def watching(directory: str, config: TunerConfig) -> Iterator[None]:
    """Logs whenever something has changed: INFO when a trial is over, DEBUG for epochs."""
    stop = threading.Event()
    reported: list[Trial] = []

    def report() -> None:
        trials, repeats = read_trials(directory), read_repeats(directory)
        runs = [*trials, *repeats]
        if runs == reported:
            return
        before = {(run.number, run.repeat) for run in reported if run.state in OVER}
        ended = [
            run for run in runs if run.state in OVER and (run.number, run.repeat) not in before
        ]
        reported[:] = runs
        progress = SearchProgress(
            trials=tuple(trials), ended=tuple(ended), config=config, repeats=tuple(repeats)
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


def _in_words(trial: Trial, config: TunerConfig) -> str:
    values = "  ".join(f"{name} {value:g}" for name, value in trial.values.items())
    score = trial.message if trial.score is None else f"score {trial.score:.4g}"
    name = f"trial {trial.number}/{config.max_trials}"
    if trial.repeat:
        name = f"repeat {trial.repeat}/{config.repeat_seeds} of trial {trial.number}"
    return f"{name}  {trial.state}  {values}  {score}  {trial.seconds:.1f} s"
