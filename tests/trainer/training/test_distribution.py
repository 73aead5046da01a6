import json

import pytest

from trainer.training.distribution import dtype_policy, is_chief

WORKERS = {"worker": ["a:1", "b:1"]}


@pytest.mark.parametrize(
    ("cluster", "task", "chief"),
    [
        (None, None, True),
        ({"worker": ["a:1"]}, {"type": "worker", "index": 0}, True),
        (WORKERS, {"type": "worker", "index": 0}, True),
        (WORKERS, {"type": "worker", "index": 1}, False),
        (WORKERS | {"chief": ["c:1"]}, {"type": "chief", "index": 0}, True),
        (WORKERS | {"chief": ["c:1"]}, {"type": "worker", "index": 0}, False),
    ],
)
def test_the_chief_is_the_one_that_writes(monkeypatch, cluster, task, chief):
    if cluster:
        monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))
    else:
        monkeypatch.delenv("TF_CONFIG", raising=False)
    assert is_chief() == chief


@pytest.mark.parametrize("gpu", [False, True])
def test_bfloat16_is_the_default_of_gpus_alone(monkeypatch, gpu):
    monkeypatch.setattr("trainer.training.distribution.on_gpu", lambda: gpu)
    assert dtype_policy("auto") == ("mixed_bfloat16" if gpu else "float32")
    assert dtype_policy("float32") == "float32"
    assert dtype_policy("bfloat16") == "mixed_bfloat16"
