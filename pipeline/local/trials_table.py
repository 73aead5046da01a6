"""The table of a search's trials in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from trainer.tuning.monitor import SearchProgress
    from trainer.tuning.trial_store import Trial

MOST = 20  # rows
_STYLES = {"failed": "red", "running": "cyan", "interrupted": "yellow"}
_MEASURED = {
    "rate\nnats": "val_kl_loss",
    "distortion\nnats": "val_reconstruction_loss",
    "samples\n/ mean": "relative_wasserstein",
    "error\n/ mean": "relative_error",
}


def trials_table(progress: SearchProgress) -> Table:
    """The best trials so far, then those that run, then those that failed.

    The last two measures, the sliced Wasserstein distance of samples and the squared error of
    reconstructions, are relative to what a mean image scores.
    """
    trials = sorted(progress.ranked(), key=lambda trial: trial.state == "failed")
    names = list(dict.fromkeys(name for trial in trials for name in trial.values))
    over = sum(trial.state in ("completed", "failed") for trial in trials)
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"{over} of {progress.max_trials} trials, by {progress.objective}",
        title_justify="left",
        title_style="dim",
        pad_edge=False,
        collapse_padding=True,
    )
    table.add_column("trial", justify="right", no_wrap=True)
    for name in (*names, "score", *_MEASURED, "s"):
        table.add_column(name.replace("_", "\n"), justify="right", no_wrap=True)
    shown = [trial for trial in trials if trial.state == "running"]
    shown += [trial for trial in trials if trial.state != "running"][: MOST - len(shown)]
    for trial in [trial for trial in trials if trial in shown]:
        best = trial is trials[0] and trial.score is not None
        table.add_row(
            f"{'★ ' if best else ''}{trial.number}",
            *(f"{trial.values[name]:.4g}" if name in trial.values else "" for name in names),
            _score(trial, progress.epochs),
            *(_number(trial.metrics.get(metric)) for metric in _MEASURED.values()),
            f"{trial.seconds:.0f}" if trial.seconds else "",
            style="bold green" if best else _STYLES.get(trial.state, ""),
        )
    if len(trials) > len(shown):
        table.caption = f"and {len(trials) - len(shown)} more, in trials.csv"
    return table


def _score(trial: Trial, epochs: int) -> str:
    if trial.score is not None:
        return f"{trial.score:.4g}"
    return f"epoch {trial.epochs}/{epochs}" if trial.state == "running" else escape(trial.state)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
