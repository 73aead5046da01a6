"""A compiled pipeline as a file: read, checked for where it goes, its values put in."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from data_prep.config_base import require
from data_prep.errors import InputError
from pipeline.config import cloud_names

MAX_BYTES = 4 << 20


def read_job(path: Path) -> dict[str, Any]:
    """The PipelineJob in a pipeline.json, the form for Vertex AI."""
    text = _text(path, ".json")
    try:
        job = json.loads(text)
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error})") from None
    if not isinstance(job, dict) or "pipelineSpec" not in job:
        raise InputError(f"{path}: no compiled pipeline; `latentforge compile` makes one")
    return job


def read_documents(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The PipelineSpec and the platform spec ({}: none) in a pipeline.yaml, for Kubeflow."""
    text = _text(path, ".yaml")
    try:
        documents = [each for each in yaml.safe_load_all(text) if each]
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    whole = 1 <= len(documents) <= 2 and all(isinstance(each, dict) for each in documents)
    if not whole or "pipelineInfo" not in documents[0]:
        raise InputError(f"{path}: no compiled pipeline; `latentforge compile` makes one")
    return documents[0], documents[1] if len(documents) == 2 else {}


def definitions(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The runtime parameters."""
    return spec["root"].get("inputDefinitions", {}).get("parameters", {})


def containers(spec: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Container specs by node."""
    executors = spec["deploymentSpec"]["executors"]
    found = {name: executors[part["executorLabel"]] for name, part in spec["components"].items()}
    return {name: each["container"] for name, each in found.items() if "container" in each}


def check_images(spec: Mapping[str, Any]) -> None:
    """Every image can be fetched by another machine."""
    for name, container in containers(spec).items():
        cloud_names.check_pullable(container["image"], f"image of {name}")


def with_values(job: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the job whose runs get these values, its defaults being the others."""
    made = copy.deepcopy(dict(job))
    made["runtimeConfig"]["parameterValues"] = {
        **{name: each["defaultValue"] for name, each in definitions(job["pipelineSpec"]).items()},
        **values,
    }
    return made


def check_root(path: str, schemes: Sequence[str] = ("gs://",)) -> None:
    """The pipeline's root lies in a bucket."""
    if path.startswith("gs://") or schemes == ("gs://",):
        cloud_names.check_bucket(path, "cluster.root of the compiled pipeline")
        return
    allowed = f"a folder in a bucket ({', '.join(schemes)})"
    require(path.startswith(tuple(schemes)), "cluster.root of the compiled pipeline", path, allowed)


def _text(path: Path, suffix: str) -> str:
    require(path.suffix == suffix and path.is_file(), "pipeline", str(path),
            f"a file that ends in {suffix}, made by `latentforge compile`")  # fmt: skip
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path}: larger than any compiled pipeline ({MAX_BYTES >> 20} MiB)")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not text") from None
