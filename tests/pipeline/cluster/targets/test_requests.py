"""Requests, and the real clients that send them, against an endpoint on this machine."""

import contextlib
import datetime
import http.server
import json
import threading
import urllib.parse

import pytest
import yaml
from click.testing import CliRunner
from google.auth.credentials import AnonymousCredentials

from data_prep.errors import InputError
from pipeline.cluster.schedule import Schedule
from pipeline.cluster.submit.commands import read_schedule, schedule, submit
from pipeline.cluster.targets.kubeflow import TOKEN, KubeflowDestination, KubeflowPipelines
from pipeline.cluster.targets.vertex import VertexAI, VertexDestination

IMAGE = "images.example.com/some-project/lf:1"
NOW = datetime.datetime(2026, 5, 4, 3, 2, 1, tzinfo=datetime.UTC)
VERTEX, KUBEFLOW = VertexAI(), KubeflowPipelines()
PROJECT = VertexDestination(project="some-project", region="europe-west4")
WEEKLY = Schedule(name="weekly", cron="0 3 * * 7", timezone="Europe/Berlin", parameters={"beta": 2})
PRICES = {
    "currency": "USD", "run": 0.5, "hours": {"Trainer": 2, "others": 1},
    "machines": {"n1-standard-8": 0.4}, "accelerators": {"NVIDIA_TESLA_T4": 0.3},
}  # fmt: skip


def spec(root="gs://bucket-1/lf", image=IMAGE):
    """The least that a compiled pipeline is."""
    resources = {"cpuLimit": 8, "memoryLimit": 30}
    resources["accelerator"] = {"type": "NVIDIA_TESLA_T4", "count": "2"}
    return {
        "schemaVersion": "2.1.0",
        "pipelineInfo": {"name": "lf"},
        "defaultPipelineRoot": root,
        "components": {"Trainer": {"executorLabel": "t"}},
        "deploymentSpec": {
            "executors": {"t": {"container": {"image": image, "resources": resources}}}
        },
        "root": {
            "dag": {"tasks": {"Trainer": {"componentRef": {"name": "Trainer"}}}},
            "inputDefinitions": {
                "parameters": {
                    "beta": {"parameterType": "NUMBER_DOUBLE", "defaultValue": 1.0},
                    "epochs": {"parameterType": "NUMBER_INTEGER", "defaultValue": 9},
                }
            },
        },
    }  # fmt: skip


def job(**changes):
    made = spec(**changes)
    return {
        "displayName": "lf",
        "pipelineSpec": made,
        "runtimeConfig": {"gcsOutputDirectory": made["defaultPipelineRoot"]},
    }


@contextlib.contextmanager
def endpoint(answer):
    """An HTTP server that remembers what it is sent and answers with `answer`."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, json.loads(body), dict(self.headers)))
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def plain_transport(host):
    return {"host": host, "url_scheme": "http", "credentials": AnonymousCredentials()}


def promised(shown):
    """(path with query, body) of a dry run's words."""
    first, _, body = shown.partition("\n")
    address = urllib.parse.urlsplit(first.removeprefix("POST "))
    return f"{address.path}?{address.query}".rstrip("?"), json.loads(body)


def same_query(path):
    address = urllib.parse.urlsplit(path)
    ours = {k: v for k, v in urllib.parse.parse_qs(address.query).items() if k[0] != "$"}
    return address.path, ours


def test_a_run_on_vertex_is_what_the_dry_run_says():
    request = VERTEX.run_request([job()], PROJECT, {"beta": 4.0}, NOW)
    path, body = promised(VERTEX.describe(request, PROJECT))
    with endpoint({"name": "projects/1/x/pipelineJobs/7"}) as (host, seen):
        name = VERTEX.send(request, PROJECT, transport=plain_transport(host))
    assert name == "projects/1/x/pipelineJobs/7"
    ((sent_path, sent, _),) = seen
    assert same_query(sent_path) == same_query(path)
    assert same_query(path) == (
        "/v1/projects/some-project/locations/europe-west4/pipelineJobs",
        {"pipelineJobId": ["lf-20260504-030201"]},
    )
    assert sent == body
    assert sent["runtimeConfig"]["parameterValues"] == {"beta": 4.0, "epochs": 9.0}
    assert sent["pipelineSpec"]["schemaVersion"] == "2.1.0"


def test_a_schedule_on_vertex_is_what_the_dry_run_says():
    request = VERTEX.schedule_request([job()], PROJECT, WEEKLY)
    path, body = promised(VERTEX.describe(request, PROJECT))
    with endpoint({"name": "projects/1/x/schedules/7"}) as (host, seen):
        name = VERTEX.send(request, PROJECT, transport=plain_transport(host))
    assert name == "projects/1/x/schedules/7"
    ((sent_path, sent, _),) = seen
    assert same_query(sent_path) == same_query(path)
    assert same_query(path)[0] == "/v1/projects/some-project/locations/europe-west4/schedules"
    assert sent == body
    assert sent["cron"] == "TZ=Europe/Berlin 0 3 * * 7" and sent["maxConcurrentRunCount"] == "1"
    values = sent["createPipelineJobRequest"]["pipelineJob"]["runtimeConfig"]["parameterValues"]
    assert values == {"beta": 2.0, "epochs": 9.0}


def test_kubeflow_gets_what_the_dry_run_says(monkeypatch):
    monkeypatch.setenv(TOKEN, "a-token")
    documents = [spec(), {"platforms": {}}]
    with endpoint({"run_id": "r-1", "recurring_run_id": "s-1"}) as (host, seen):
        where = KubeflowDestination(host=f"http://{host}/", experiment="e-1")
        requests = [
            KUBEFLOW.run_request(documents, where, {"beta": 4.0}),
            KUBEFLOW.schedule_request([spec()], where, WEEKLY),
        ]
        names = [KUBEFLOW.send(request, where) for request in requests]
        words = [KUBEFLOW.describe(request, where) for request in requests]
    assert names == ["r-1", "s-1"]
    assert [(path, body) for path, body, _ in seen] == [promised(each) for each in words]
    assert not any("a-token" in each for each in words)
    assert {headers["authorization"] for _, _, headers in seen} == {"Bearer a-token"}
    (run_path, run, _), (path, recurring, _) = seen
    assert run_path == "/apis/v2beta1/runs" and path == "/apis/v2beta1/recurringruns"
    assert run["pipeline_spec"] == {"pipeline_spec": spec(), "platform_spec": {"platforms": {}}}
    assert run["runtime_config"]["parameters"] == {"beta": 4.0}
    assert run["experiment_id"] == "e-1" and run["display_name"].startswith("lf-20")
    assert recurring["pipeline_spec"] == spec()
    assert recurring["trigger"]["cron_schedule"]["cron"] == "0 0 3 * * 0"
    assert recurring["mode"] == "ENABLE" and recurring["no_catchup"] is True


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"root": "/tmp/x"}, "cluster.root of the compiled pipeline: got '/tmp/x'"),
        ({"root": ""}, "cluster.root of the compiled pipeline: got ''"),
        ({"image": "latentforge:0.1.0"}, "image of Trainer: got 'latentforge:0.1.0'"),
    ],
)
def test_what_a_cluster_cannot_reach_is_refused(changes, words):
    with pytest.raises(InputError, match=words):
        VERTEX.run_request([job(**changes)], PROJECT, {})
    with pytest.raises(InputError, match=words):
        KUBEFLOW.run_request([spec(**changes)], KubeflowDestination(host="http://h"), {})


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("cron", "0 25 * * *", "cron: got '25' as hour"),
        ("timezone", "Berlin", "timezone: got 'Berlin'"),
        ("name", "a b", "name: got 'a b'"),
        ("max_concurrent_runs", 0, "max_concurrent_runs: got 0"),
        ("vertex", {"project": "some-project", "region": "x"}, "vertex.region: got 'x'"),
        ("vertex", {"region": "us-central1"}, "vertex.project: required"),
        ("kubeflow", {"host": "ftp://x"}, "kubeflow.host: got 'ftp://x'"),
        ("kubeflow", {"host": "http://user:pass@x"}, "kubeflow.host: got"),
        ("every", 3, "every: unknown key"),
    ],
)
def test_a_schedule_that_cannot_be(tmp_path, key, value, words):
    path = tmp_path / "schedule.yaml"
    path.write_text(yaml.safe_dump({"name": "n", "cron": "0 3 * * 1", key: value}))
    with pytest.raises(InputError) as error:
        read_schedule(path)
    assert str(error.value).startswith(f"{path}: {words}")


@pytest.fixture
def files(tmp_path):
    (tmp_path / "p.json").write_text(json.dumps(job()))
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(spec()))
    (tmp_path / "prices.yaml").write_text(yaml.safe_dump(PRICES))
    schedule = {"name": "n", "cron": "0 3 * * 1", "parameters": {"epochs": 3},
                "vertex": {"project": "some-project", "region": "us-east1"},
                "kubeflow": {"host": "http://pipelines"}}  # fmt: skip
    (tmp_path / "schedule.yaml").write_text(yaml.safe_dump(schedule))
    return tmp_path


def call(command, *arguments, files):
    prices = ["--prices", str(files / "prices.yaml")]
    return CliRunner().invoke(command, [*map(str, arguments), *prices])


def test_the_submit_script_dry(files, monkeypatch):
    monkeypatch.setattr(VertexAI, "send", None)
    done = call(
        submit, files / "p.json", "--project=some-project", "--param=beta=3", "--dry-run",
        files=files,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("POST https://us-central1-aiplatform.googleapis.com/v1/projects/")
    assert '"beta": 3.0' in done.stdout
    # 2 hours of one machine at 0.4 and two accelerators at 0.3, and the run
    assert "estimate: 2.50 USD a run" in done.stdout
    monkeypatch.setattr(KubeflowPipelines, "send", None)
    done = call(submit, files / "p.yaml", "--host=http://pipelines", "--dry-run", files=files)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("POST http://pipelines/apis/v2beta1/runs\n")


def test_the_schedule_script_sends_once(files, monkeypatch):
    sent = []
    monkeypatch.setattr(
        VertexAI, "send", lambda self, request, where: sent.append((request, where)) or "s/1"
    )
    done = call(schedule, files / "p.json", "--schedule", files / "schedule.yaml", files=files)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("created s/1\n")
    ((request, where),) = sent
    assert where.region == "us-east1" and request.schedule.cron == "TZ=UTC 0 3 * * 1"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["p.json"], "--project, --host: got both or none"),
        (["p.json", "--project=x"], "project: got 'x'"),
        (["p.json", "--project=some-project", "--region=x"], "region: got 'x'"),
        (["p.yaml", "--project=some-project"], "pipeline: got"),
        (["p.json", "--project=some-project", "--param=gamma=1"], "--param: got 'gamma=1'"),
        (["p.json", "--project=some-project", "--param=epochs=1.5"], "--param: got 'epochs=1.5'"),
        (["none.json", "--project=some-project"], "pipeline: got"),
        (["schedule.yaml", "--host=http://x"], "no compiled pipeline"),
        (["p.yaml", "--host=x"], "host: got 'x'"),
    ],
)
def test_one_line_and_status_2_for_what_is_wrong(files, monkeypatch, arguments, words):
    monkeypatch.setattr(VertexAI, "send", None)
    monkeypatch.setattr(KubeflowPipelines, "send", None)
    done = call(submit, files / arguments[0], *arguments[1:], files=files)
    assert done.exit_code == 2, done.output
    assert words in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_schedule_that_comes_with_the_project_is_valid():
    from pipeline.cluster.submit.commands import FOLDER
    from pipeline.cluster.submit.cost import Prices
    from pipeline.config.pipeline import parse_file

    shipped = read_schedule(FOLDER / "schedule.yaml")
    assert shipped.vertex and shipped.kubeflow and shipped.parameters == {"epochs": 25}
    assert parse_file(Prices, FOLDER / "prices.yaml").hours["others"] > 0


def test_files_that_are_no_compiled_pipeline(tmp_path):
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text("{}")
    (tmp_path / "c.yaml").write_text("a: [")
    for name, read in (("a.json", VERTEX.read), ("b.json", VERTEX.read), ("c.yaml", KUBEFLOW.read)):
        with pytest.raises(InputError, match=name):
            read(tmp_path / name)


def test_a_machine_without_a_price_is_named_in_the_estimate(files):
    priceless = job()
    task = priceless["pipelineSpec"]["root"]["dag"]["tasks"]["Trainer"]
    machine = {"machine_type": "a4-highgpu-8g", "accelerator_type": "NVIDIA_B200",
               "accelerator_count": 8}  # fmt: skip
    config = {"training_job": {"job_spec": {"worker_pool_specs": [{"machine_spec": machine}]}}}
    constant = {"runtimeValue": {"constant": json.dumps(config)}}
    task["inputs"] = {"parameters": {"custom_config": constant}}
    (files / "p.json").write_text(json.dumps(priceless))
    done = call(submit, files / "p.json", "--project=some-project", "--dry-run", files=files)
    assert done.exit_code == 0, done.output
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("  Trainer ")]
    assert line.split()[1] == "a4-highgpu-8g" and "8 x NVIDIA_B200" in line
    assert line.endswith("not in the table")
    assert "estimate: 0.50 USD a run and more" in done.stdout
