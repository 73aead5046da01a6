"""The job as Dataflow would get it: its graph, the package it stages, a worker made of that.

Nothing is submitted. A worker starts as in Dataflow's container, from the staged package alone:
neither this checkout nor the installed project can be imported there.
"""

import os
import shlex
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.internal import pickler
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from data_prep.config import PrepConfig
from data_prep.job import prepare
from data_prep.job.plan import make_plan
from data_prep.job.prepare import build, make_pipeline
from data_prep.sources.opening import open_source
from data_prep.synthetic.faces import write_faces

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "some-registry/latentforge-worker:1"
DATAFLOW = [
    "--runner=DataflowRunner", "--project=some-project", "--region=europe-west4",
    "--temp_location=gs://some-bucket/temp", f"--sdk_container_image={IMAGE}",
    f"--setup_file={ROOT / 'setup.py'}", "--dry_run=True",
]  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> tuple[PrepConfig, list[str]]:
    folder = tmp_path_factory.mktemp("celeba")
    images = write_faces(str(folder), count=40, seed=1)
    options = PrepConfig(
        source="celeba",
        image_size=32,
        shards=2,
        attributes=str(folder / "list_attr_celeba.txt"),
        identities=str(folder / "identity_CelebA.txt"),
    )
    return options, [images]


@pytest.fixture(scope="module")
def submitted(faces) -> beam_runner_api_pb2.Pipeline:
    """The graph that would be sent, writing to a bucket."""
    options, inputs = faces
    files, source = open_source(options, inputs)
    plan = make_plan(source, options, files, "gs://some-bucket/faces")
    pipeline = make_pipeline(1, DATAFLOW)
    build(pipeline, plan, files)
    return pipeline.run().job.proto_pipeline


@pytest.fixture(scope="module")
def staged_package(submitted) -> Path:
    """The file that a worker's container finds as workflow.tar.gz."""
    (environment,) = submitted.components.environments.values()
    for artifact in environment.dependencies:
        role = beam_runner_api_pb2.ArtifactStagingToRolePayload.FromString(artifact.role_payload)
        if role.staged_name == "workflow.tar.gz":
            file = beam_runner_api_pb2.ArtifactFilePayload.FromString(artifact.type_payload)
            return Path(file.path)
    pytest.fail("no package is staged")


@pytest.fixture(scope="module")
def clean_worker(staged_package, tmp_path_factory) -> tuple[list[str], dict[str, str]]:
    """(Python's command line, environment) with the staged package and the locked libraries.

    Without `site`, editable installs are not seen; with -P, the working directory is not.
    """
    target = tmp_path_factory.mktemp("worker") / "packages"
    # As Beam's container does; its image holds the build's tools, so nothing is fetched.
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run(
        [*pip, "--target", str(target), str(staged_package)],
        check=True,
        cwd=target.parent,
        env={**os.environ, "PIP_NO_BUILD_ISOLATION": "0"},
    )
    path = os.pathsep.join([str(target), sysconfig.get_path("purelib")])
    return [sys.executable, "-S", "-P"], {"PYTHONPATH": path}


def test_the_graph_runs_in_the_given_container_and_writes_to_the_bucket(submitted):
    (environment,) = submitted.components.environments.values()
    payload = beam_runner_api_pb2.DockerPayload.FromString(environment.payload)
    assert payload.container_image == IMAGE
    steps = {step.unique_name: step.spec for step in submitted.components.transforms.values()}
    assert {"CutFiles", "ReadLists", "RouteChunks", "GroupByShard", "MakeShards"} <= steps.keys()
    for name in ("CutFiles", "RouteChunks", "MakeShards"):
        step = beam_runner_api_pb2.ParDoPayload.FromString(steps[name].payload)
        function = pickler.loads(step.do_fn.payload)[0]
        assert function.plan.output == "gs://some-bucket/faces"


def test_the_staged_package_holds_every_module(staged_package):
    with tarfile.open(staged_package) as archive:
        held = {name.partition("/")[2] for name in archive.getnames() if name.endswith(".py")}
    packages = ("data_prep", "trainer", "components", "pipeline")
    modules = {
        str(path.relative_to(ROOT))
        for package in packages
        for path in (ROOT / package).rglob("*.py")
    }
    assert modules <= held


def test_the_worker_sees_the_package_and_nothing_of_the_checkout(clean_worker):
    python, environment = clean_worker
    packages, libraries = environment["PYTHONPATH"].split(os.pathsep)

    def import_in(path: str) -> subprocess.CompletedProcess:
        code = (
            "import data_prep.job.prepare, pipeline.cli.main; print(data_prep.job.prepare.__file__)"
        )
        return subprocess.run(
            [*python, "-c", code],
            env={"PYTHONPATH": path}, cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip

    assert (
        import_in(environment["PYTHONPATH"]).stdout.strip()
        == f"{packages}/data_prep/job/prepare.py"
    )
    assert "No module named 'data_prep'" in import_in(libraries).stderr


def test_a_worker_made_of_the_staged_package_writes_the_same_bytes(
    faces, clean_worker, tmp_path, monkeypatch
):
    python, environment = clean_worker
    path = f"PYTHONPATH={environment['PYTHONPATH']}"
    command = ["env", path, *python, "-m", "apache_beam.runners.worker.sdk_worker_main"]
    options, inputs = faces
    here = prepare.prepare(options, inputs, str(tmp_path / "here"))

    def with_clean_worker(workers, beam_args):
        worker = SubprocessSDKEnvironment(command_string=shlex.join(command))
        return beam.Pipeline(runner=FnApiRunner(default_environment=worker))

    monkeypatch.setattr(prepare, "make_pipeline", with_clean_worker)
    there = prepare.prepare(options, inputs, str(tmp_path / "there"))
    assert there.counts["written"] == 40
    assert len(there.shards) == 6
    assert there == here
