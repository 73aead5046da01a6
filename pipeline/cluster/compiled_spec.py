"""A compiled pipeline: the parts of its spec, values for its parameters, and its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_prep.config_base import require
from data_prep.errors import InputError
from pipeline.config.cloud_names import IMAGE, PULLABLE_IMAGE

MAX_BYTES = 4 << 20
_KINDS: dict[str, tuple[type, str]] = {
    "NUMBER_INTEGER": (int, "a whole number"),
    "NUMBER_DOUBLE": (float, "a number"),
    "STRING": (str, "text"),
}


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


def parse_values(definitions: Mapping[str, Any], given: Sequence[str]) -> dict[str, Any]:
    """Reads values given as NAME=VALUE; InputError for a name that the pipeline does not have."""
    found: dict[str, Any] = {}
    allowed = ", ".join(sorted(definitions))
    for text in given:
        name, equals, value = text.partition("=")
        require(bool(equals) and name in definitions, "--param", text, f"NAME=VALUE, of {allowed}")
        kind, words = _KINDS[definitions[name]["parameterType"]]
        try:
            found[name] = kind(value)
        except ValueError:
            raise InputError(f"--param: got {text!r}, allowed: {name}={words}") from None
    return found


def check_values(definitions: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Refuses names that the pipeline does not have and values of another kind."""
    for name, value in values.items():
        require(name in definitions, "parameters", name, ", ".join(sorted(definitions)))
        kind, words = _KINDS[definitions[name]["parameterType"]]
        fits = isinstance(value, (int, float) if kind is float else kind)
        require(fits and not isinstance(value, bool), f"parameters.{name}", value, words)
