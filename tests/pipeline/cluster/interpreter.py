"""Vertex AI's part in a test: runs a compiled pipeline step by step, by its own commands.

What it does is what the service does with a spec: it resolves parameters, artifacts, importers
and resolvers against a metadata store, puts an ExecutorInput in place of {{$}}, and starts the
container's command, here as a subprocess; local paths stand for object storage. It is stricter
than the service where that shows a mistake early: about types, interfaces and flags.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from apache_beam.options.pipeline_options import PipelineOptions
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

ROOT = Path(__file__).resolve().parents[3]
KINDS = {"STRING": str, "NUMBER_INTEGER": int, "NUMBER_DOUBLE": (int, float)}
TFX = "tfx.orchestration.kubeflow.v2."
ENTRIES = {TFX + "container.kubeflow_v2_run_executor", TFX + "file_based_example_gen.driver",
           "components.kubeflow_entrypoint"}  # fmt: skip
ENTRY_FLAGS = {
    "--executor_class_path",
    "--json_serialized_invocation_args",
    "--json_serialized_inputs_spec_args",
}
_PLACEHOLDER = re.compile(r"\{\{\$\.inputs\.artifacts\['(\w+)'\]\.metadata\['(\w+)'\]\}\}")


class SpecError(Exception):
    """The spec is wrong: the service would refuse it."""


class StepError(Exception):
    """A container failed."""


@dataclasses.dataclass
class Vertex:
    """The service: a metadata store that outlives runs, and where it writes.

    types: whether input artifacts come with their types (Kubeflow's driver omits them).
    """

    folder: Path
    types: bool = True
    store: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    runs: int = 0

    def run(self, spec: dict[str, Any], values: dict[str, Any] | None = None) -> Run:
        self.runs += 1
        run = Run(self, spec, values or {}, self.folder / f"run-{self.runs}")
        run.execute()
        return run

    def query(self, text: str) -> list[dict[str, Any]]:
        """The newest artifact that a filter of the metadata store matches."""
        found = self.store
        for condition in text.split(" AND "):
            key, _, wanted = condition.partition("=")
            wanted = wanted.strip('"')
            if key == "schema_title":
                found = [a for a in found if title(a["type"]) == wanted]
            elif key == "name":
                found = [a for a in found if a["name"] == wanted]
            elif match := re.fullmatch(r"metadata\.(\w+)\.number_value", key):
                found = [a for a in found if a["metadata"].get(match[1]) == float(wanted)]
            elif condition != "state=LIVE":
                raise SpecError(f"filter not known: {condition}")
        return found[-1:]


class Run:
    """One run of a spec. `outputs[task][key]` is a list of runtime artifacts."""

    def __init__(self, vertex: Vertex, spec: dict, values: dict, folder: Path) -> None:
        self.vertex, self.spec, self.folder = vertex, spec, folder
        json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
        json_format.ParseDict(spec["deploymentSpec"], pipeline_spec_pb2.PipelineDeploymentConfig())
        self.tasks = spec["root"]["dag"]["tasks"]
        self.parameters = root_parameters(spec, values)
        self.outputs: dict[str, dict[str, list[dict]]] = {}

    def execute(self) -> None:
        """Runs what is ready, at most two steps at a time."""
        waiting = dict(self.tasks)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            while waiting:
                ready = [name for name, task in waiting.items() if needs(task) <= set(self.outputs)]
                if not ready:
                    raise SpecError(f"these wait for what never comes: {sorted(waiting)}")
                for name, outputs in zip(ready, pool.map(self.step, ready), strict=True):
                    self.outputs[name] = outputs
                    del waiting[name]

    def step(self, name: str) -> dict[str, list[dict]]:
        task = self.tasks[name]
        component = self.spec["components"][task["componentRef"]["name"]]
        executor = self.spec["deploymentSpec"]["executors"][component["executorLabel"]]
        inputs = {
            "parameterValues": self._parameters(name, task, component),
            "artifacts": self._artifacts(name, task, component),
        }
        declared = component.get("outputDefinitions", {}).get("artifacts", {})
        for key, each in declared.items():
            check_type(f"{name}.{key}", each["artifactType"])
        if "resolver" in executor:
            return self._resolve(executor["resolver"], inputs["artifacts"])
        if "importer" in executor:
            return self._import(executor["importer"], inputs["parameterValues"], declared)
        return Step(self, name, executor["container"], component, inputs, declared).run()

    def _parameters(self, name: str, task: dict, component: dict) -> dict[str, Any]:
        given = task.get("inputs", {}).get("parameters", {})
        wanted = component.get("inputDefinitions", {}).get("parameters", {})
        if given.keys() != wanted.keys():
            odd = sorted(given.keys() ^ wanted.keys())
            raise SpecError(f"{name}: parameters of task and component differ: {odd}")
        found = {}
        for key, source in given.items():
            if "componentInputParameter" in source:
                value = self.parameters[source["componentInputParameter"]]
            else:
                value = source["runtimeValue"]["constant"]
            found[key] = typed(f"{name}.{key}", value, wanted[key]["parameterType"])
        return found

    def _artifacts(self, name: str, task: dict, component: dict) -> dict[str, Any]:
        given = task.get("inputs", {}).get("artifacts", {})
        wanted = component.get("inputDefinitions", {}).get("artifacts", {})
        if given.keys() != wanted.keys():
            odd = sorted(given.keys() ^ wanted.keys())
            raise SpecError(f"{name}: artifacts of task and component differ: {odd}")
        found = {}
        for key, source in given.items():
            output = source["taskOutputArtifact"]
            producer = self.tasks[output["producerTask"]]["componentRef"]["name"]
            made = self.spec["components"][producer]["outputDefinitions"]["artifacts"]
            if output["outputArtifactKey"] not in made:
                raise SpecError(f"{name}.{key}: {producer} has no {output['outputArtifactKey']}")
            kinds = [
                title(made[output["outputArtifactKey"]]["artifactType"]),
                title(wanted[key]["artifactType"]),
            ]
            if kinds[0] != kinds[1]:
                raise SpecError(f"{name}.{key}: wants {kinds[1]}, gets {kinds[0]}")
            artifacts = self.outputs[output["producerTask"]][output["outputArtifactKey"]]
            if not self.vertex.types:
                artifacts = [{k: v for k, v in a.items() if k != "type"} for a in artifacts]
            if artifacts:
                found[key] = {"artifacts": artifacts}
        return found

    def _resolve(self, resolver: dict, inputs: dict[str, Any]) -> dict[str, list[dict]]:
        def metadata(match: re.Match) -> str:
            artifacts = inputs.get(match[1], {}).get("artifacts", [])
            return str(artifacts[0]["metadata"].get(match[2])) if artifacts else ""

        return {
            key: self.vertex.query(_PLACEHOLDER.sub(metadata, query["filter"]))
            for key, query in resolver["outputArtifactQueries"].items()
        }

    def _import(self, importer: dict, parameters: dict, declared: dict) -> dict[str, list[dict]]:
        uri = importer["artifactUri"]
        address = uri["constant"] if "constant" in uri else parameters[uri["runtimeParameter"]]
        (key,) = declared
        artifact = self.artifact(address, importer["typeSchema"], importer.get("metadata", {}))
        return {key: [artifact]}

    def artifact(self, uri: str, kind: dict, metadata: dict) -> dict[str, Any]:
        """A new one in the store."""
        name = f"projects/1/locations/here/metadataStores/default/artifacts/{len(self.store)}"
        made = {"name": name, "uri": uri, "type": kind, "metadata": metadata}
        self.store.append(made)
        return made

    @property
    def store(self) -> list[dict[str, Any]]:
        return self.vertex.store


@dataclasses.dataclass
class Step:
    """One container."""

    run_: Run
    name: str
    container: dict[str, Any]
    component: dict[str, Any]
    inputs: dict[str, Any]
    declared: dict[str, Any]

    def run(self) -> dict[str, list[dict]]:
        folder = self.run_.folder / self.name
        output_file = folder / "executor_output.json"
        given = {
            "inputs": self.inputs,
            "outputs": {
                "artifacts": {
                    key: {
                        "artifacts": [
                            self.run_.artifact(
                                str(folder / key), spec["artifactType"], spec.get("metadata", {})
                            )
                        ]
                    }
                    for key, spec in self.declared.items()
                },
                "outputFile": str(output_file),
            },
        }
        driver = self.container.get("lifecycle", {}).get("preCacheCheck")
        if driver and self.run_.vertex.types:  # Kubeflow has no such hook
            self._command([*driver["command"], *driver["args"]], given, beam=True)
            told = json.loads(output_file.read_text())
            self._take(told, given["outputs"]["artifacts"])
        path = self.container["args"][1 + self.container["args"].index("--executor_class_path")]
        self._command([*self.container["command"], *self.container["args"]], given, is_beam(path))
        self._take(json.loads(output_file.read_text()), given["outputs"]["artifacts"])
        return {key: value["artifacts"] for key, value in given["outputs"]["artifacts"].items()}

    def _take(self, told: dict, artifacts: dict[str, Any]) -> None:
        """What a command says about its outputs enters the store."""
        for key, value in told.get("artifacts", {}).items():
            for mine, theirs in zip(artifacts[key]["artifacts"], value["artifacts"], strict=True):
                if theirs["name"] != mine["name"]:
                    raise StepError(f"{self.name}.{key}: another artifact came back")
                mine["uri"] = theirs["uri"]
                mine["metadata"] = {**mine["metadata"], **theirs.get("metadata", {})}

    def _command(self, argv: list[str], given: dict, beam: bool) -> None:
        check_flags(argv, beam)
        argv = [json.dumps(given) if arg == "{{$}}" else arg for arg in argv]
        if any("{{$" in arg for arg in argv):
            raise SpecError(f"{self.name}: a placeholder that is not known: {argv}")
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = {
            **os.environ,
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        self.run_.folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            argv, env=environment, cwd=self.run_.folder, capture_output=True, text=True
        )
        if done.returncode:
            raise StepError(f"{self.name}: {done.stderr[-3000:]}")


def root_parameters(spec: dict, values: dict[str, Any]) -> dict[str, Any]:
    wanted = spec["root"]["inputDefinitions"]["parameters"]
    if odd := values.keys() - wanted.keys():
        raise SpecError(f"no such parameters: {sorted(odd)}")
    found = {}
    for name, definition in wanted.items():
        if name not in values and "defaultValue" not in definition:
            raise SpecError(f"parameter {name} has neither value nor default")
        value = values.get(name, definition.get("defaultValue"))
        found[name] = typed(name, value, definition["parameterType"])
    return found


def typed(name: str, value: Any, kind: str) -> Any:
    if kind == "NUMBER_INTEGER" and isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, KINDS[kind]) or isinstance(value, bool):
        raise SpecError(f"{name}: wants {kind}, gets {value!r}")
    return value


def needs(task: dict) -> set[str]:
    artifacts = task.get("inputs", {}).get("artifacts", {}).values()
    producers = {source["taskOutputArtifact"]["producerTask"] for source in artifacts}
    return producers | set(task.get("dependentTasks", []))


def title(kind: dict) -> str:
    return kind.get("schemaTitle") or yaml.safe_load(kind["instanceSchema"])["title"]


def check_type(name: str, kind: dict) -> None:
    """The container finds an artifact's class by its title."""
    from tfx.orchestration.kubeflow.v2.compiler_utils import TITLE_TO_CLASS_PATH
    from tfx.utils.import_utils import import_class_by_path

    found = title(kind)
    try:
        import_class_by_path(TITLE_TO_CLASS_PATH.get(found, found))
    except (AttributeError, ImportError, ValueError):
        raise SpecError(f"{name}: no artifact type {found}") from None


def is_beam(executor: str) -> bool:
    from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
    from tfx.utils.import_utils import import_class_by_path

    return issubclass(import_class_by_path(executor), BaseBeamExecutor)


def check_flags(argv: list[str], beam: bool) -> None:
    """The entry point hands what it does not know to Beam, and Beam drops it without a word."""
    if argv[:2] != ["python", "-m"] or argv[2] not in ENTRIES:
        raise SpecError(f"the image has no such command: {argv[:3]}")
    rest = list(argv[3:])
    for flag in [arg for arg in rest if arg in ENTRY_FLAGS]:
        at = rest.index(flag)
        del rest[at : at + 2]
    known = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for group in PipelineOptions.__subclasses__() if beam else ():
        with contextlib.suppress(argparse.ArgumentError):
            group._add_argparse_args(known)
    _, unknown = known.parse_known_args(rest)
    if unknown:
        raise SpecError(f"flags that the container does not know: {unknown}")
