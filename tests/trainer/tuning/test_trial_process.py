"""How trials end that do not end well."""

import json
import os
import subprocess
import sys
import time

import pytest

from trainer.tuning.trial_process import ROOT, run_trial


@pytest.fixture
def run(tmp_path):
    directory = tmp_path / "trial_0"
    directory.mkdir()

    def start(script, minutes=0.0):
        return run_trial(
            str(directory), str(tmp_path), minutes=minutes, command=("-c", script)
        ), json.loads((directory / "result.json").read_text())

    return start


def test_a_result_is_what_the_process_wrote_and_is_not_made_twice(run):
    script = (
        "import sys; open(sys.argv[1] + '/result.json', 'w').write('{\"state\": \"completed\"}')"
    )
    assert run(script)[0] == {"state": "completed"}
    assert run("raise SystemExit(9)")[0] == {"state": "completed"}


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("import os; os.kill(os.getpid(), 9)", "killed (signal 9), as the system does where"),
        ("import os; os.kill(os.getpid(), 15)", "killed by signal 15"),
        ("print('one'); print('no luck'); raise SystemExit(3)", "ended with status 3: no luck"),
        ("raise SystemExit(0)", "ended with status 0: no message"),
    ],
)
def test_a_process_without_a_result_has_failed_and_why_is_kept(run, script, message):
    returned, written = run(script)
    assert returned == written
    assert written["state"] == "failed" and written["message"].startswith(message)


def test_a_trial_that_takes_too_long_is_ended(run):
    began = time.monotonic()
    result, _ = run("import time; time.sleep(60)", minutes=0.5 / 60)
    assert time.monotonic() - began < 20
    assert result["state"] == "failed" and "tuner.trial_minutes" in result["message"]


def test_a_trial_ends_with_the_search_even_if_that_is_killed(tmp_path):
    child = (
        "import os, time; from trainer.tuning.trial_process import end_with_parent\n"
        "end_with_parent()\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        "time.sleep(60)"
    )
    parent = (
        "import sys; from trainer.tuning.trial_process import spawn_python\n"
        f"with spawn_python(['-c', {child!r}], output=sys.stdout.buffer) as process: process.wait()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", parent], env=environment)
    try:
        pid = int(_wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text()))
    finally:
        process.kill()
        process.wait()
    assert _wait_for(lambda: _gone(pid))


def _wait_for(condition):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def _gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
