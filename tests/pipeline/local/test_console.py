"""What is written where there is no terminal, and that a live line leaves no trace."""

import io
import logging
from types import SimpleNamespace

from pipeline.local.console import RunConsole
from pipeline.local.metadata import NodeResult


def record(**progress):
    made = logging.makeLogRecord({"msg": "x"})
    made.progress = SimpleNamespace(**progress)
    return made


class Epoch(SimpleNamespace):
    def __str__(self):
        return "epoch 1/2  loss [3]"


def test_plain_lines_are_exactly_these():
    file = io.StringIO()
    screen = RunConsole(file)
    screen.plan(["Trainer", "Pusher"])
    screen.start("Trainer")
    made = logging.makeLogRecord({"msg": "x"})
    made.progress = Epoch(epoch_ended=True)
    screen.training(made)
    screen.training(record(epoch_ended=False, epoch=1, epochs=2, step=1, steps=9, metrics={}))
    screen.training(logging.makeLogRecord({"msg": "no progress"}))
    screen.preparation(SimpleNamespace(bytes_read=1, bytes_total=2, shards_made=0, shards_total=1))
    screen.warning(logging.makeLogRecord({"msg": "disk [almost] full"}))
    screen.end("Trainer", NodeResult(state="done", seconds=1.25))
    screen.start("Pusher")
    screen.end("Pusher", NodeResult(state="cached", seconds=0.04))
    assert file.getvalue() == (
        "  Trainer ...\n"
        "    epoch 1/2  loss [3]\n"
        "  warning: disk [almost] full\n"
        "✓ Trainer  done         1.2 s\n"
        "  Pusher ...\n"
        "= Pusher   cached       0.0 s\n"
    )


def test_a_live_line_tells_the_step_and_goes(capsys):
    file = io.StringIO()
    screen = RunConsole(file, force_terminal=True)
    screen.plan(["Trainer"])
    screen.start("Trainer")
    screen.training(
        record(epoch_ended=False, epoch=1, epochs=2, step=7, steps=9, metrics={"loss": 3.0})
    )
    screen.end("Trainer", NodeResult(state="failed", seconds=0))
    assert "Trainer  epoch 1/2  step 7/9  loss 3.00" in file.getvalue()
    assert file.getvalue().rstrip().splitlines()[-1].count("failed") == 1
    assert capsys.readouterr().out == ""
