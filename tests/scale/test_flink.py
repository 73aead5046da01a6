"""The same command on a real Flink: the same bytes as here, with one process and with two."""

from pathlib import Path

import pytest

from data_prep.synthetic.drawings import write_drawings
from data_prep.synthetic.faces import write_faces

pytestmark = [pytest.mark.flink, pytest.mark.e2e]


def contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def check_job(job: dict) -> None:
    assert job["state"] == "FINISHED"
    makers = [v for v in job["vertices"] if "MakeShards" in v["name"]]
    assert [vertex["parallelism"] for vertex in makers] == [2]


def test_drawings_with_workers_in_the_submitting_process(latentforge, flink, tmp_path):
    write_drawings(str(tmp_path / "raw"), per_word=150, seed=3)
    prep = ["prep", "quickdraw", "--input", tmp_path / "raw", "--shards", 3, "--per-label", 100]
    runners = {
        "one": [],
        "two": ["--workers", 2],
        "flink": ["--", *flink.options, "--environment_type=LOOPBACK"],
    }
    for name, options in runners.items():
        latentforge(*prep, "--output", tmp_path / name, *options, cwd=tmp_path)
    check_job(flink.last_job())
    one = contents(tmp_path / "one")
    assert sum(path.endswith(".gz") for path in one) == 9
    assert contents(tmp_path / "two") == one
    assert contents(tmp_path / "flink") == one


def test_faces_with_two_workers_that_know_no_submitting_process(
    latentforge, flink, worker_pool, tmp_path
):
    write_faces(str(tmp_path / "celeba"), count=60, seed=3)
    # Relative on purpose: the workers run in another directory.
    lists = ["--attributes", "celeba/list_attr_celeba.txt", "--identities",
             "celeba/identity_CelebA.txt"]  # fmt: skip
    prep = ["prep", "celeba", "--input", "celeba/img_align_celeba", *lists, "--image-size", 32]
    distributed = [
        *flink.options, "--environment_type=EXTERNAL", "--sdk_worker_parallelism=2",
        f"--environment_config={worker_pool.address}",
    ]  # fmt: skip
    shards = ["--shards", 3, "--output"]
    latentforge(*prep, *shards, "here", cwd=tmp_path)
    latentforge(*prep, *shards, "flink", "--", *distributed, cwd=tmp_path)
    check_job(flink.last_job())
    assert worker_pool.log.read_text().count("Starting worker") == 2
    here = contents(tmp_path / "here")
    assert sum(path.endswith(".gz") for path in here) == 9
    assert contents(tmp_path / "flink") == here
