"""Noise goes to the file, on every level at which it is made."""

import logging
import os
import subprocess
import sys
import warnings

from pipeline.logs import logging_to, output_to_log


def test_descriptors_children_and_python_all_go_to_the_log(tmp_path, capfd):
    log = tmp_path / "logs" / "run.log"
    with output_to_log(log) as terminal:
        os.write(2, b"from C\n")
        os.write(1, b"to standard output\n")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
        terminal.write("to the terminal\n")
    os.write(1, b"afterwards\n")
    assert log.read_text() == "from C\nto standard output\nfrom a child\n"
    assert capfd.readouterr() == ("to the terminal\nafterwards\n", "")


def test_the_streams_come_back_after_a_failure(tmp_path, capfd):
    try:
        with output_to_log(tmp_path / "log"):
            raise OSError
    except OSError:
        os.write(2, b"back\n")
    assert capfd.readouterr().err == "back\n"


def test_warnings_of_ours_are_shown_and_all_are_logged(tmp_path):
    shown, progress = [], []
    log = tmp_path / "log"
    log.touch()
    with logging_to(log, shown.append, progress.append):
        logging.getLogger("absl").warning("noise")
        logging.getLogger("trainer.run_fn").warning("slow disk")
        logging.getLogger("trainer.run_fn").info("detail")
        logging.getLogger("latentforge.progress").debug("step 1")
        logging.getLogger("latentforge.progress").info("epoch 1")
        warnings.warn("old", UserWarning, stacklevel=1)
    logging.getLogger("trainer.run_fn").warning("too late")
    assert [record.getMessage() for record in shown] == ["slow disk"]
    assert [record.getMessage() for record in progress] == ["step 1", "epoch 1"]
    text = log.read_text()
    for logged in ("noise", "slow disk", "detail", "epoch 1", "old"):
        assert logged in text
    assert "step 1" not in text and "too late" not in text
