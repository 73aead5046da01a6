"""The job that a parallel search asks Vertex AI for; nothing is sent."""

import json

from tfx.extensions.google_cloud_ai_platform import constants, runner
from tfx.extensions.google_cloud_ai_platform.tuner.executor import TUNING_ARGS_KEY

from components.tuner.vertex import Executor, WorkerExecutor, worker_pools

MACHINE = {"machine_spec": {"machine_type": "g2-standard-8"}, "container_spec": {"image_uri": "i"}}
JOB = {"project": "p", "job_spec": {"worker_pool_specs": [{**MACHINE, "replica_count": 7}]}}


def test_one_machine_for_each_trial_at_a_time():
    pools = worker_pools(JOB, 4)["job_spec"]["worker_pool_specs"]
    assert pools == [{**MACHINE, "replica_count": 1}, {**MACHINE, "replica_count": 3}]
    assert worker_pools(JOB, 1)["job_spec"]["worker_pool_specs"] == pools[:1]
    assert JOB["job_spec"]["worker_pool_specs"][0]["replica_count"] == 7


def test_the_job_runs_our_worker_with_the_graphs_number_of_trials(monkeypatch):
    sent = []
    monkeypatch.setattr(runner, "start_cloud_training", lambda *args: sent.append(args))
    config = {
        TUNING_ARGS_KEY: JOB,
        constants.ENABLE_VERTEX_KEY: True,
        constants.VERTEX_REGION_KEY: "europe-west4",
    }
    properties = {
        "custom_config": json.dumps(config),
        "tune_args": json.dumps({"num_parallel_trials": 3}),
    }
    Executor(None).Do({}, {}, properties)
    ((_, _, _, worker, job, _, _, vertex, region),) = sent
    assert worker == f"{WorkerExecutor.__module__}.WorkerExecutor"
    assert job == worker_pools(JOB, 3)
    assert (vertex, region) == (True, "europe-west4")


def test_a_machine_of_the_pool_knows_who_is_chief(monkeypatch):
    cluster = {"workerpool0": ["one:2222"], "workerpool1": ["two:2222"]}
    for kind, chief in (("workerpool0", True), ("workerpool1", False)):
        spec = {"cluster": cluster, "task": {"type": kind, "index": 0}}
        monkeypatch.setenv("CLUSTER_SPEC", json.dumps(spec))
        worker = WorkerExecutor(None)
        assert worker._is_chief is chief and worker._master_addr == "one"
