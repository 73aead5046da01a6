"""Values for the runtime parameters of a compiled pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from data_prep.config_base import require
from data_prep.errors import InputError

_KINDS: dict[str, tuple[type, str]] = {
    "NUMBER_INTEGER": (int, "a whole number"),
    "NUMBER_DOUBLE": (float, "a number"),
    "STRING": (str, "text"),
}


def parse_values(definitions: Mapping[str, Any], given: Sequence[str]) -> dict[str, Any]:
    """Values given as NAME=VALUE.

    Args:
      definitions: the inputDefinitions.parameters of the pipeline's root.
      given: for any of them.

    Raises:
      InputError: for a name that it does not have, or a value of another kind.
    """
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
