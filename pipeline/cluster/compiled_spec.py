"""A compiled pipeline: the parts of its spec, and the rules for a file of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_prep.config_base import require
from data_prep.errors import InputError
from pipeline.config.cloud_names import IMAGE, PULLABLE_IMAGE

MAX_BYTES = 4 << 20


def definitions(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the definitions of the runtime parameters by name."""
    return spec["root"].get("inputDefinitions", {}).get("parameters", {})


def containers(spec: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Returns the container specs by node."""
    executors = spec["deploymentSpec"]["executors"]
    labels = {name: part["executorLabel"] for name, part in spec["components"].items()}
    return {
        name: executors[label]["container"]
        for name, label in labels.items()
        if "container" in executors[label]
    }


def check_images(spec: Mapping[str, Any]) -> None:
    """Refuses an image that another machine could not fetch."""
    for name, container in containers(spec).items():
        for form in (IMAGE, PULLABLE_IMAGE):
            form.check(container["image"], f"image of {name}")


def read_text(path: Path, suffix: str) -> str:
    """Reads a compiled file; InputError where it cannot be one."""
    require(path.suffix == suffix and path.is_file(), "pipeline", str(path),
            f"a file that ends in {suffix}, made by `latentforge compile`")  # fmt: skip
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path}: larger than any compiled pipeline ({MAX_BYTES >> 20} MiB)")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not text") from None
