"""What is written where there is no terminal, and that a live line leaves no trace."""

import io
import logging
from types import SimpleNamespace

from pipeline.local.console import RunConsole
from pipeline.local.summary import NodeResult


def record(**progress):
    made = logging.makeLogRecord({"msg": "x"})
    made.progress = SimpleNamespace(**progress)
    return made


class Epoch(SimpleNamespace):
    def __str__(self):
        return "epoch 1/2  loss [3]"


def test_plain_lines_are_exactly_these():
    file = io.StringIO()
    console = RunConsole(file)
    console.plan(["Trainer", "Pusher"])
    console.start("Trainer")
    made = logging.makeLogRecord({"msg": "x"})
    made.progress = Epoch(epoch_ended=True)
    console.training(made)
    console.training(record(epoch_ended=False, epoch=1, epochs=2, step=1, steps=9, metrics={}))
    console.training(logging.makeLogRecord({"msg": "no progress"}))
    console.preparation(SimpleNamespace(bytes_read=1, bytes_total=2, shards_made=0, shards_total=1))
    console.warning(logging.makeLogRecord({"msg": "disk [almost] full"}))
    console.end("Trainer", NodeResult(state="done", seconds=1.25))
    console.start("Pusher")
    console.end("Pusher", NodeResult(state="cached", seconds=0.04))
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
    console = RunConsole(file, force_terminal=True)
    console.plan(["Trainer"])
    console.start("Trainer")
    console.training(
        record(epoch_ended=False, epoch=1, epochs=2, step=7, steps=9, metrics={"loss": 3.0})
    )
    console.end("Trainer", NodeResult(state="failed", seconds=0))
    assert "Trainer  epoch 1/2  step 7/9  loss 3.00" in file.getvalue()
    assert file.getvalue().rstrip().splitlines()[-1].count("failed") == 1
    assert capsys.readouterr().out == ""
