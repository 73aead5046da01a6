"""What a run shows: a line for each node, live while it works, plain where there is no terminal."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.status import Status

from pipeline.local.trials_table import trials_table

if TYPE_CHECKING:
    from data_prep.job.progress import PrepProgress
    from pipeline.local.metadata import NodeResult
    from trainer.tuning.monitor import SearchProgress

WIDE = 160  # columns of a table where there is no terminal
_MARKS = {
    "done": ("✓", "green"),
    "cached": ("=", "cyan"),
    "skipped": ("-", "yellow"),
    "failed": ("✗", "red"),
}


class RunConsole:
    """Draws to a terminal or writes plain lines to a file; the listener of a run."""

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
        """Shows what is going on until something else is; plain output keeps still."""
        if not self._live or self._table is not None:
            return
        if self._status is None:
            self._status = self.console.status("", spinner="dots")
            self._status.start()
        self._status.update(escape(text))

    def quiet(self) -> None:
        """Takes the live line away."""
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
            self._print_trials(self._search)
            self._search = None
        mark, color = _MARKS.get(result.state, ("?", "red"))
        name, state = node.ljust(self._width), result.state.ljust(8)
        self.console.print(
            f"[{color}]{mark}[/] {escape(name)}  [{color}]{state}[/] {result.seconds:7.1f} s"
        )

    def preparation(self, progress: PrepProgress) -> None:
        """Where a preparation stands; called from another thread than the rest."""
        if self._status is None:
            return
        share = progress.bytes_read / max(progress.bytes_total, 1)
        self.doing(
            f"{self._node}  {share:.0%} of {progress.bytes_total / 1e6:,.0f} MB read, "
            f"{progress.shards_made} of {progress.shards_total} shards made"
        )

    def training(self, record: logging.LogRecord) -> None:
        """Shows a record of trainer.training.progress: epochs stay as lines, steps only flicker
        by; the trials of a search are a table that grows, or lines where there is no terminal."""
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

    def _print_trials(self, search: SearchProgress) -> None:
        console = self.console
        if not self._live:  # a file has room for whole rows
            console = Console(file=console.file, highlight=False, width=WIDE)
        console.print(trials_table(search))

    def warning(self, record: logging.LogRecord) -> None:
        self.line(f"  warning: {record.getMessage()}", "yellow")
