"""The order in which chief and workers may end, played by processes that do nothing else."""

import contextlib
import subprocess
import sys

import pytest

from trainer.config import TrainerConfig
from trainer.tuning import distributed, worker
from trainer.tuning.config import SearchSpec, TunerConfig


@pytest.fixture
def play(monkeypatch):
    """play(chief=…, worker=…): runs a chief and two workers whose processes are these programs."""

    def run(**programs):
        @contextlib.contextmanager
        def python(arguments, *, output, environment):
            role = environment["KERASTUNER_TUNER_ID"].split("-")[0]
            process = subprocess.Popen([sys.executable, "-c", programs[role]], stdout=output)
            try:
                yield process
            finally:
                process.kill()
                process.wait()

        monkeypatch.setattr(distributed, "spawn_python", python)
        distributed.run_distributed("{}", workers=2)

    return run


FOR_EVER = "import time; time.sleep(600)"


def test_a_chief_that_has_seen_all_through_may_end_before_a_worker_has(play):
    play(chief="pass", worker="import time; time.sleep(1.5)")


def test_a_chief_that_would_go_on_is_not_waited_for(play):
    play(chief=FOR_EVER, worker="pass")


@pytest.mark.parametrize("broken", ["chief", "worker"])
def test_whoever_fails_is_named_with_its_last_words(play, broken):
    programs = {"chief": FOR_EVER, "worker": FOR_EVER}
    programs[broken] = "print('out of luck', flush=True); raise SystemExit(3)"
    with pytest.raises(RuntimeError, match=rf"tuner's {broken}.* with status 3: out of luck"):
        play(**programs)


def test_workers_that_outlive_their_chief_are_an_error_after_a_while(play, monkeypatch):
    monkeypatch.setattr(distributed, "ENDING_SECONDS", 0.5)
    with pytest.raises(RuntimeError, match="chief ended before worker-1, worker-2"):
        play(chief="pass", worker=FOR_EVER)


def test_a_worker_searches_what_its_file_describes(tmp_path, monkeypatch):
    found = []

    class Search:
        def __init__(self, search_spec):
            found.append(search_spec)

        def search(self):
            found.append("searched")

    monkeypatch.setattr(worker, "ProcessTuner", Search)
    search_spec = SearchSpec(
        directory="a", arrays="b", config=TrainerConfig(), tuner=TunerConfig(max_trials=3)
    )
    (tmp_path / "spec.json").write_text(search_spec.to_json())
    worker.run(str(tmp_path / "spec.json"))
    assert found == [search_spec, "searched"]
