"""The base of every config: constraints at its fields, read from plain mappings.

Every config class of the project is a frozen dataclass read through
`parse`, so an unknown key or an impossible value is refused the same way everywhere:
one line that names the key, the value and what is allowed.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
import types
import typing
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, TypeVar

from data_prep.errors import InputError

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Between:
    """A number from `low` to `high`, both included; `words` replace the figures in messages."""

    low: float
    high: float
    words: str = ""

    def holds(self, value: Any) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return self.words or f"{self.low} to {self.high}"


@dataclasses.dataclass(frozen=True)
class AtLeast:
    """A finite number of `low` or more."""

    low: float
    words: str = ""

    def holds(self, value: Any) -> bool:
        return self.low <= value < math.inf

    def __str__(self) -> str:
        return self.words or f"a number of at least {self.low}"


@dataclasses.dataclass(frozen=True)
class Above(AtLeast):
    """A finite number greater than `low`."""

    def holds(self, value: Any) -> bool:
        return self.low < value < math.inf

    def __str__(self) -> str:
        return self.words or f"a number above {self.low}"


@dataclasses.dataclass(frozen=True)
class OneOf:
    """One of some names; a function of names, as of a registry, is called for each check."""

    names: Collection[Any] | Callable[[], Collection[Any]]
    words: str = ""

    def holds(self, value: Any) -> bool:
        return value in self._names()

    def __str__(self) -> str:
        return self.words or ", ".join(map(str, self._names()))

    def _names(self) -> Collection[Any]:
        return self.names() if callable(self.names) else self.names


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """The base of every config: a frozen dataclass whose fields carry their constraints.

    `epochs: Annotated[int, Between(1, 100)] = 10` is checked whenever the object is made, from a
    file or in Python. A rule between two fields is checked by the subclass's `__post_init__`,
    after this one's. None, where a field may be None, satisfies everything.
    """

    def __post_init__(self) -> None:
        for name, constraint in _constraints(type(self)):  # type: ignore[arg-type]  # classes hash
            value = getattr(self, name)
            if value is not None:
                require(constraint.holds(value), name, value, str(constraint))


@functools.cache
def _constraints(cls: type) -> tuple[tuple[str, Any], ...]:
    """Returns (field, constraint) pairs of a config class, in the order of its fields."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return tuple(
        (field.name, constraint)
        for field in dataclasses.fields(cls)
        for constraint in getattr(hints[field.name], "__metadata__", ())
    )


Seed = Annotated[int, Between(0, 2**31 - 1)]


def parse(cls: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """Builds the dataclass `cls` from plain data, nested dataclasses and tuples included.

    `where` is the dotted place of `values` in the whole, for error messages.

    Raises:
      InputError: naming the unknown or missing key, or the value of the wrong type.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{where or 'config'}: expected a mapping, got {values!r}")
    hints = typing.get_type_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for name in values:
        if name not in fields:
            close = difflib.get_close_matches(str(name), fields, n=1)
            hint = f"; did you mean {_join(where, close[0])}?" if close else ""
            allowed = ", ".join(sorted(fields))
            raise InputError(f"{_join(where, name)}: unknown key{hint} (allowed: {allowed})")
    built = {n: _convert(hints[n], v, _join(where, n)) for n, v in values.items()}
    for name, field in fields.items():
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if required and name not in built:
            raise InputError(f"{_join(where, name)}: required, but not given")
    try:
        return cls(**built)
    except InputError as error:
        raise InputError(f"{where}.{error}" if where else str(error)) from None


def to_dict(config: Any) -> dict[str, Any]:
    """Returns plain data that `parse` reads back to an equal object; tuples become lists."""

    def plain(value: Any) -> Any:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        if isinstance(value, (tuple, list)):
            return [plain(item) for item in value]
        if isinstance(value, Mapping):
            return {key: plain(item) for key, item in value.items()}
        return value

    return plain(config)


def require(condition: bool, name: str, value: Any, allowed: str) -> None:
    """Raises InputError "name: got value, allowed: ..." unless `condition` holds."""
    if not condition:
        raise InputError(f"{name}: got {value!r}, allowed: {allowed}")


def _join(where: str, name: Any) -> str:
    return f"{where}.{name}" if where else str(name)


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in args:
            return None
        options = [a for a in args if a is not type(None)]
        return _convert(options[0], value, where)
    if origin is typing.Literal:
        require(value in args, where, value, ", ".join(map(str, args)))
        return value
    if dataclasses.is_dataclass(hint):
        return parse(typing.cast(type, hint), value, where)
    if origin is tuple:
        if isinstance(value, (str, bytes)) or not isinstance(value, (list, tuple)):
            raise InputError(f"{where}: got {value!r}, allowed: a list")
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_convert(args[0], v, f"{where}[{i}]") for i, v in enumerate(value))
        require(len(args) == len(value), where, value, f"{len(args)} values")
        return tuple(
            _convert(a, v, f"{where}[{i}]")
            for i, (a, v) in enumerate(zip(args, value, strict=True))
        )
    if origin is dict:
        if not isinstance(value, Mapping):
            raise InputError(f"{where}: got {value!r}, allowed: a mapping")
        return {str(k): _convert(args[1], v, f"{where}.{k}") for k, v in value.items()}
    return _scalar(hint, value, where)


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is float and isinstance(value, str):
        try:  # YAML reads 1e-3 as a string
            return float(value)
        except ValueError:
            pass
    if not isinstance(value, hint) or (hint in (int, float) and isinstance(value, bool)):
        kind = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
        raise InputError(f"{where}: got {value!r}, allowed: {kind.get(hint, hint)}")
    return value
