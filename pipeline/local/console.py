"""The terminal of a run: a line for each node and the table of a search's trials.

Live while a node works; plain lines where there is no terminal.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TextIO

from rich import box
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.status import Status
from rich.table import Table

if TYPE_CHECKING:
    from data_prep.job.progress import PrepProgress
    from pipeline.local.summary import NodeResult
    from trainer.tuning.monitor import SearchProgress
    from trainer.tuning.selection import Standing

WIDE = 160  # columns of a table where there is no terminal
_MARKS = {
    "done": ("✓", "green"),
    "cached": ("=", "cyan"),
    "skipped": ("-", "yellow"),
    "failed": ("✗", "red"),
}
MOST_TRIALS = 20  # rows of the table
_TRIAL_STYLES = {"failed": "red", "running": "cyan", "interrupted": "yellow"}
_TRIAL_METRICS = {
    "rate\nnats": "val_kl_loss",
    "distortion\nnats": "val_reconstruction_loss",
    "samples\n/ mean": "relative_wasserstein",
    "error\n/ mean": "relative_error",
}


class RunConsole:
    """Draws the nodes of a run to a terminal, or writes plain lines to a file."""

    def __init__(self, file: TextIO, *, force_terminal: bool | None = None) -> None:
        self.console = Console(
            file=file, highlight=False, soft_wrap=True, force_terminal=force_terminal
        )
        self._live = self.console.is_terminal
        self._status: Status | None = None
        self._table: Live | None = None
        self._search: SearchProgress | None = None
        self._width = 0
        self._node = ""

    def line(self, text: str = "", style: str = "") -> None:
        self.console.print(escape(text), style=style or None)

    def doing(self, text: str) -> None:
        """Shows a text until another one is shown; plain output stays as it is."""
        if not self._live or self._table is not None:
            return
        if self._status is None:
            self._status = self.console.status("", spinner="dots")
            self._status.start()
        self._status.update(escape(text))

    def quiet(self) -> None:
        """Removes the live line."""
        if self._status is not None:
            self._status.stop()
            self._status = None
        if self._table is not None:
            self._table.stop()
            self._table = None

    def plan(self, nodes: list[str]) -> None:
        self._width = max(map(len, nodes))

    def start(self, node: str) -> None:
        self._node = node
        self.doing(node)
        if not self._live:
            self.line(f"  {node} ...")

    def end(self, node: str, result: NodeResult) -> None:
        self.quiet()
        if self._search is not None:
            console = self.console
            if not self._live:  # a file has room for whole rows
                console = Console(file=console.file, highlight=False, width=WIDE)
            console.print(trials_table(self._search))
            self._search = None
        mark, color = _MARKS.get(result.state, ("?", "red"))
        name, state = node.ljust(self._width), result.state.ljust(8)
        self.console.print(
            f"[{color}]{mark}[/] {escape(name)}  [{color}]{state}[/] {result.seconds:7.1f} s"
        )

    def preparation(self, progress: PrepProgress) -> None:
        """Shows how far a preparation is; called from another thread than the rest."""
        if self._status is None:
            return
        share = progress.bytes_read / max(progress.bytes_total, 1)
        self.doing(
            f"{self._node}  {share:.0%} of {progress.bytes_total / 1e6:,.0f} MB read, "
            f"{progress.shards_made} of {progress.shards_total} shards made"
        )

    def training(self, record: logging.LogRecord) -> None:
        """Shows a record of trainer.training.progress.

        Epochs stay as lines, steps are shown until the next one; the trials of a search are a
        table that grows, or lines where there is no terminal.
        """
        search = getattr(record, "search", None)
        if search is not None:
            self._trials(search)
            return
        progress = getattr(record, "progress", None)
        if progress is None:
            return
        if progress.epoch_ended:
            self.console.print(f"    [dim]{escape(str(progress))}[/]")
            return
        loss = progress.metrics.get("loss")
        value = f"  loss {loss:.2f}" if loss is not None else ""
        self.doing(
            f"{self._node}  epoch {progress.epoch}/{progress.epochs}"
            f"  step {progress.step}/{progress.steps}{value}"
        )

    def _trials(self, search: SearchProgress) -> None:
        self._search = search
        if not self._live:
            if search.ended:
                self.line(f"    {search}")
            return
        if self._table is None:
            self.quiet()
            self._table = Live(console=self.console, transient=True, auto_refresh=False)
            self._table.start()
        self._table.update(trials_table(search), refresh=True)

    def warning(self, record: logging.LogRecord) -> None:
        self.line(f"  warning: {record.getMessage()}", "yellow")


def trials_table(progress: SearchProgress) -> Table:
    """Returns the table: the best trials so far, then those that run, then those that failed.

    A score is the mean of the runs of a trial, with its standard error where some were repeated. A
    star marks the chosen trial, a tilde those within noise of the best. Everything
    behind the runs is the trial's own; the last two measures, the sliced Wasserstein distance of
    samples and the squared error of reconstructions, are relative to what a mean image scores.
    """
    selection = progress.selection
    rows = sorted(selection.standings, key=lambda row: row.trial.state == "failed")
    names = list(dict.fromkeys(name for row in rows for name in row.trial.values))
    table = Table(
        box=box.SIMPLE_HEAD,
        title=_title(progress),
        title_justify="left",
        title_style="dim",
        pad_edge=False,
        collapse_padding=True,
    )
    table.add_column("trial", justify="right", no_wrap=True)
    for name in (*names, "score", "runs", *_TRIAL_METRICS, "s"):
        table.add_column(name.replace("_", "\n"), justify="right", no_wrap=True)
    shown = [row for row in rows if row.trial.state == "running"]
    shown += [row for row in rows if row.trial.state != "running"][: MOST_TRIALS - len(shown)]
    for row in [row for row in rows if row in shown]:
        trial = row.trial
        style = "green" if row.within_noise else _TRIAL_STYLES.get(trial.state, "")
        table.add_row(
            f"{'★ ' if row.chosen else '~ ' if row.within_noise else ''}{trial.number}",
            *(f"{trial.values[name]:.4g}" if name in trial.values else "" for name in names),
            _score(row, progress.config.epochs),
            str(row.runs or "") + (f", {row.failed_runs} failed" if row.failed_runs else ""),
            *(_number(trial.metrics.get(metric)) for metric in _TRIAL_METRICS.values()),
            f"{trial.seconds:.0f}" if trial.seconds else "",
            style="bold green" if row.chosen else style,
        )
    notes = [f"and {len(rows) - len(shown)} more, in trials.csv"] if len(rows) > len(shown) else []
    if progress.is_over:
        notes.append(selection.in_words())
    table.caption, table.caption_justify = "\n".join(notes) or None, "left"
    return table


def _title(progress: SearchProgress) -> str:
    """Returns how much of the search is over, and what decides it."""
    trials, repeats = (
        sum(run.state in ("completed", "failed") for run in runs)
        for runs in (progress.trials, progress.repeats)
    )
    config = progress.config
    parts = [f"{trials} of {config.max_trials} trials"]
    if trials >= config.max_trials and progress.max_repeats:
        parts.append(f"{repeats} of {progress.max_repeats} repeats")
    return f"{', '.join(parts)}, by {config.objective}"


def _score(row: Standing, epochs: int) -> str:
    if row.mean is not None:
        error = "" if row.standard_error is None else f" ± {row.standard_error:.2g}"
        return f"{row.mean:.4g}{error if len(row.repeats) else ''}"
    trial = row.trial
    return f"epoch {trial.epochs}/{epochs}" if trial.state == "running" else escape(trial.state)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
