"""What the compiled forms hold: parameters, machines, Beam's options, the form itself."""

import itertools
import json
import os
import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from google.protobuf import json_format
from kfp import components as kfp_components

from data_prep.errors import InputError
from pipeline.cli.compile import compile_config
from pipeline.cluster.compile import check_spec
from pipeline.cluster.targets.base import NotCompiledError
from pipeline.config.pipeline import load_config

GOLDEN = Path(__file__).with_name("golden")
BUCKET = (
    "data.input=gs://bucket-1/drawings/*.bin",
    "cluster.root=gs://bucket-1/lf",
    "cluster.image=images.example.com/some-project/lf:1",
)
GPU = (
    "cluster.nodes.Trainer.machine=n1-standard-8",
    "cluster.nodes.Trainer.accelerator=NVIDIA_TESLA_T4",
    "cluster.nodes.Trainer.accelerators=2",
)


class Compiled(NamedTuple):
    vertex: dict
    kubeflow: list | NotCompiledError


def compiled(*overrides, preset="quickdraw", bucket=BUCKET):
    documents = compile_config(load_config(preset, [*bucket, *overrides]))
    return Compiled(documents["vertex"][0], documents["kubeflow"])


@pytest.fixture(scope="module")
def plain():
    return compiled(*GPU, "cluster.gpu_image=images.example.com/some-project/lf:1-gpu")


def container(job, node):
    return job["pipelineSpec"]["deploymentSpec"]["executors"][f"{node}_executor"]["container"]


def without_versions(text):
    """Hashes of code change with every edit of it."""
    return re.sub(r"[0-9a-f]{64}", "CODE-VERSION", text)


@pytest.mark.parametrize("form", ["vertex", "kubeflow"])
def test_the_forms_are_the_golden_ones(plain, form):
    """RENEW_GOLDEN=1 writes them anew; look at the difference before you commit it."""
    made = plain.vertex if form == "vertex" else plain.kubeflow
    text = without_versions(json.dumps(made, indent=1, sort_keys=True)) + "\n"
    golden = GOLDEN / f"{form}.json"
    if os.environ.get("RENEW_GOLDEN"):
        golden.write_text(text)
    wanted, found = golden.read_text().splitlines(), text.splitlines()
    pairs = itertools.zip_longest(wanted, found)
    different = [f"line {i}: {a} -> {b}" for i, (a, b) in enumerate(pairs, 1) if a != b]
    assert not different, "\n".join(different[:5])


def test_kfp_reads_the_kubeflow_form_and_its_defaults(plain, tmp_path):
    path = tmp_path / "pipeline.yaml"
    path.write_text(yaml.safe_dump_all(plain.kubeflow))
    component = kfp_components.load_component_from_file(str(path))
    inputs = component.component_spec.inputs
    assert {name: (each.type, each.default) for name, each in inputs.items()} == {
        "data_input": ("String", "gs://bucket-1/drawings"),
        "beta": ("Float", 0.25),
        "latent_dim": ("Integer", 64),
        "epochs": ("Integer", 25),
        "push_destination": ("String", "gs://bucket-1/lf/serving"),
    }
    assert set(component.platform_spec.platforms) == {"kubernetes"}


def test_the_client_of_vertex_takes_the_job_and_its_defaults(plain, tmp_path):
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import aiplatform

    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps(plain.vertex))
    job = aiplatform.PipelineJob(
        display_name="lf", template_path=str(path), project="some-project", location="us-central1",
        credentials=AnonymousCredentials(), parameter_values={"beta": 3.0},
    )  # fmt: skip
    config = job._gca_resource.runtime_config
    assert config.gcs_output_directory == "gs://bucket-1/lf/artifacts"
    assert dict(config.parameter_values) == {"beta": 3.0}


def test_kfp_s_message_refuses_what_it_does_not_know(plain):
    spec = json.loads(json.dumps(plain.vertex["pipelineSpec"]))
    check_spec(spec)
    spec["root"]["dag"]["tasks"]["Trainer"]["machine"] = "n1"
    with pytest.raises(json_format.ParseError, match="machine"):
        check_spec(spec)


def test_both_forms_have_the_one_schema_version_that_kubeflow_takes(plain):
    assert plain.vertex["pipelineSpec"]["schemaVersion"] == "2.1.0"
    assert plain.kubeflow[0]["schemaVersion"] == "2.1.0"
    assert "pipelineSpec" not in plain.kubeflow[0]


def test_kubeflow_gets_no_resolver_which_it_does_not_have(plain):
    kinds = {k for e in plain.kubeflow[0]["deploymentSpec"]["executors"].values() for k in e}
    assert kinds == {"container"}
    task = plain.kubeflow[0]["root"]["dag"]["tasks"]["LatentEvaluator"]
    assert "baseline_model" not in task["inputs"]["artifacts"]
    warm = compiled("train.warm_start=true")
    assert isinstance(warm.kubeflow, NotCompiledError) and "warm_start" in str(warm.kubeflow)


def test_resources_by_node_in_both_forms(plain):
    trainer = container(plain.vertex, "Trainer")
    assert trainer["resources"] == {
        "cpuLimit": 8,
        "memoryLimit": 30,
        "accelerator": {"type": "NVIDIA_TESLA_T4", "count": "2"},
    }
    assert trainer["image"].endswith(":1-gpu")
    # TFX's compiler itself forgets these for a file-based ExampleGen
    preparation = container(plain.vertex, "ExamplePreparation")
    assert preparation["resources"] == {"cpuLimit": 4, "memoryLimit": 15}
    assert preparation["image"].endswith(":1")
    here = plain.kubeflow[0]["deploymentSpec"]["executors"]["Trainer_executor"]["container"]
    assert here["resources"] == {
        "cpuLimit": 7.2,
        "memoryLimit": 25.5,
        "resourceCpuLimit": "7.2",
        "resourceMemoryLimit": "26112Mi",
        "accelerator": {
            "type": "nvidia.com/gpu",
            "count": "2",
            "resourceType": "nvidia.com/gpu",
            "resourceCount": "2",
        },
    }
    selectors = plain.kubeflow[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert selectors == {
        "Trainer_executor": {
            "nodeSelector": {"labels": {"cloud.google.com/gke-accelerator": "nvidia-tesla-t4"}}
        }
    }


def test_training_in_a_custom_job(monkeypatch):
    job = compiled(
        *GPU, "cluster.trainer=vertex", "cluster.project=some-project",
        "cluster.region=europe-west4",
        "cluster.service_account=lf@some-project.iam.gserviceaccount.com",
    )  # fmt: skip
    trainer = container(job.vertex, "Trainer")
    path = trainer["args"][trainer["args"].index("--executor_class_path") + 1]
    assert path == "components.decoder_trainer.vertex.Executor"
    assert "accelerator" not in trainer["resources"] and trainer["resources"]["cpuLimit"] == 1
    sent = launched(monkeypatch, job.vertex, {"beta": 7.5, "latent_dim": 3, "epochs": 2})
    pool = sent["training_job"]["job_spec"]["worker_pool_specs"][0]
    assert sent["project"] == "some-project" and sent["vertex_region"] == "europe-west4"
    assert pool["machine_spec"] == {
        "machine_type": "n1-standard-8",
        "accelerator_type": "NVIDIA_TESLA_T4",
        "accelerator_count": 2,
    }
    assert sent["training_job"]["job_spec"]["service_account"].startswith("lf@")
    command = pool["container_spec"]["command"]
    assert command[:3] == ["python", "-m", "tfx.scripts.run_executor"]
    assert command[4] == "tfx.components.trainer.executor.GenericExecutor"
    properties = json.loads(command[command.index("--exec-properties") + 1])
    settings = json.loads(json.loads(properties["custom_config"])["settings"])
    assert settings["model"]["beta"] == 7.5 and settings["model"]["latent_dim"] == 3
    assert settings["train"]["epochs"] == 2
    # the form for Kubeflow trains in the node's own container
    here = job.kubeflow[0]["deploymentSpec"]["executors"]["Trainer_executor"]["container"]
    assert here["resources"]["accelerator"]["count"] == "2"
    assert "components.decoder_trainer.executor.Executor" in here["args"]


def launched(monkeypatch, job, values):
    """What TFX's extension hands to its client of Vertex AI."""
    from tfx.extensions.google_cloud_ai_platform import runner, training_clients

    from components.decoder_trainer.vertex import Executor

    sent = {}
    client = training_clients.VertexJobClient
    monkeypatch.setattr(client, "create_client", lambda self: None)  # it wants credentials
    monkeypatch.setattr(runner, "_launch_cloud_training", lambda **kwargs: sent.update(kwargs))
    inputs = job["pipelineSpec"]["root"]["dag"]["tasks"]["Trainer"]["inputs"]["parameters"]
    properties = {
        name: values.get(name, given.get("runtimeValue", {}).get("constant"))
        for name, given in inputs.items()
    }
    Executor().Do({}, {}, properties)
    return sent


def test_beam_options_by_runner():
    flow = compiled("cluster.beam_runner=dataflow", "cluster.project=some-project")
    args = container(flow.vertex, "StatisticsGen")["args"]
    assert {"--runner=DataflowRunner", "--project=some-project", "--region=us-central1",
            "--temp_location=gs://bucket-1/lf/beam",
            "--sdk_container_image=images.example.com/some-project/lf:1"} <= set(args)  # fmt: skip
    assert not [arg for arg in container(flow.vertex, "Trainer")["args"] if "Dataflow" in arg]
    here = compiled("cluster.nodes.ExamplePreparation.cpu=8")
    ours = container(here.vertex, "ExamplePreparation")["args"]
    assert "--direct_num_workers=8" in ours
    # TFX's own nodes never use worker processes: data validation does not load there
    theirs = container(here.vertex, "StatisticsGen")["args"]
    assert not [arg for arg in theirs if "direct" in arg] and "FnApiRunner" in theirs[-1]


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["cluster.region=moon"], r"cluster\.region: got 'moon', allowed: a region of"),
        (["cluster.nodes.Trainer.machine=n1-standard-8",
          "cluster.nodes.Trainer.accelerator=NVIDIA_TESLA_A100",
          "cluster.nodes.Trainer.accelerators=1"],
         r"cluster\.nodes\.Trainer\.accelerator: got 'NVIDIA_TESLA_A100', allowed"),
        (["cluster.nodes.Trainer.machine=n1-standard-8", "cluster.nodes.Trainer.cpu=2"],
         r"cluster\.nodes\.Trainer\.cpu: got 2\.0, allowed: nothing beside"),
        (["cluster.nodes.Traner.cpu=2"], r"cluster\.nodes: got 'Traner', allowed: .*Trainer"),
        (["cluster.image=latentforge"], r"cluster\.image: got 'latentforge', allowed"),
        (["cluster.root=gs://Bucket/x"], r"cluster\.root: got 'gs://Bucket/x', allowed"),
        (["cluster.trainer=vertex"], r"cluster\.project: got '', allowed"),
        (["cluster.trainer=moon"], r"cluster\.trainer: got 'moon', allowed: container, vertex"),
        (["cluster.retries=-1"], r"cluster\.retries: got -1"),
        (["data.source=sample", "data.input=[]"], r"data\.source: got 'sample', allowed with a"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_compile_time(overrides, words):
    with pytest.raises(InputError, match=f"^{words}"):
        compiled(*overrides)


def test_files_of_this_machine_are_refused_with_a_root_in_a_bucket(tmp_path):
    (tmp_path / "cat.bin").touch()
    with pytest.raises(InputError, match="allowed: a path that the cluster can read"):
        compiled(f"data.input={tmp_path}/*.bin")


def test_a_prepared_data_set_is_imported_under_a_runtime_parameter(tmp_path):
    from data_prep.features import ImageSpec
    from data_prep.manifest import Manifest

    manifest = Manifest(
        image=ImageSpec(32, 32, 1, "none"), labels=("a",), attributes=(), extras=(),
        counts={"by_split": {"train": 1}}, rejects={}, positives={}, shards=(),
        source={"name": "quickdraw"}, options={}, code_version="",
    )  # fmt: skip
    (tmp_path / "manifest.json").write_text(manifest.to_json())
    overrides = ["data={source: prepared}", f"data.input={tmp_path}", f"cluster.root={tmp_path}"]
    spec = compiled(*overrides, bucket=()).vertex["pipelineSpec"]
    importer = spec["deploymentSpec"]["executors"]["PreparedExamples_executor"]["importer"]
    task = spec["root"]["dag"]["tasks"]["PreparedExamples"]
    name = importer["artifactUri"]["runtimeParameter"]
    source = task["inputs"]["parameters"][name]["componentInputParameter"]
    definition = spec["root"]["inputDefinitions"]["parameters"][source]
    assert source == "data_input" and definition["defaultValue"] == str(tmp_path)


def test_spans_are_prepared_below_the_root_and_watched_where_the_blessed_model_is_found():
    made = compiled("data.input=gs://bucket-1/drawings/{YYYY}-{MM}-{DD}/*.bin", "data.window=7")
    tasks = made.vertex["pipelineSpec"]["root"]["dag"]["tasks"]
    watched = tasks["SpanDrift"]["inputs"]["artifacts"]["baseline_model"]["taskOutputArtifact"]
    assert watched == {
        "outputArtifactKey": "model",
        "producerTask": "LatestBlessedModel-model-resolver",
    }
    judged = tasks["LatentEvaluator"]["inputs"]["artifacts"]["drift"]["taskOutputArtifact"]
    assert judged == {"outputArtifactKey": "drift", "producerTask": "SpanDrift"}
    given = json.dumps(tasks["ExamplePreparation"]["inputs"]["parameters"])
    assert "{YYYY}-{MM}-{DD}/*.bin" in given and "gs://bucket-1/lf/spans" in given
    (kubeflow, *_) = made.kubeflow
    assert "SpanDrift" not in kubeflow["root"]["dag"]["tasks"]  # no resolver, no blessed model
    compiled("cluster.nodes.SpanDrift.cpu=2")  # without spans, too: one file serves many configs


def test_what_a_driver_found_reaches_the_executor_in_form_2_1_alone():
    """Why 2.0.0, TFX's default, is not written: a span would be looked for and forgotten."""
    from kfp.pipeline_spec import pipeline_spec_pb2
    from tfx.orchestration.kubeflow.v2.container.kubeflow_v2_entrypoint_utils import (
        parse_execution_properties,
    )

    told = pipeline_spec_pb2.ExecutorInput.Inputs()
    told.parameter_values["input_config"].string_value = "span 7"
    interface = pipeline_spec_pb2.ComponentInputsSpec()
    assert parse_execution_properties(told.parameter_values, told.parameters, None) == {}
    found = parse_execution_properties(told.parameter_values, told.parameters, interface)
    assert found == {"input_config": "span 7"}
