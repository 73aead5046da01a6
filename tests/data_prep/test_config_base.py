"""Config errors name the key, the value and what is allowed."""

import dataclasses
import re
from typing import Annotated, Literal

import pytest

from data_prep.config import PrepConfig
from data_prep.config_base import Above, AtLeast, Between, Config, OneOf, parse, require, to_dict
from data_prep.errors import InputError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inner:
    rate: float = 0.5
    kind: Literal["a", "b"] = "a"
    names: tuple[str, ...] = ()

    def __post_init__(self):
        require(self.rate > 0, "rate", self.rate, "above 0")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    inner: Inner = Inner()
    limit: int | None = None


def test_round_trip():
    config = Outer(name="x", inner=Inner(rate=2.0, kind="b", names=("p", "q")), limit=3)
    assert parse(Outer, to_dict(config)) == config


def test_whole_numbers_and_yaml_exponents_are_numbers():
    assert parse(Inner, {"rate": 1}).rate == 1.0
    assert parse(Inner, {"rate": "1e-3"}).rate == 0.001


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "x", "iner": {}}, "iner: unknown key; did you mean inner?"),
        ({"name": "x", "inner": {"rats": 1}}, "inner.rats: unknown key; did you mean inner.rate?"),
        ({}, "name: required"),
        ({"name": 3}, "name: got 3, allowed: text"),
        ({"name": "x", "inner": {"rate": 0}}, "inner.rate: got 0.0, allowed: above 0"),
        ({"name": "x", "inner": {"rate": True}}, "inner.rate: got True, allowed: a number"),
        ({"name": "x", "inner": {"kind": "c"}}, "inner.kind: got 'c', allowed: a, b"),
        ({"name": "x", "inner": {"names": "pq"}}, "inner.names: got 'pq', allowed: a list"),
        ({"name": "x", "inner": {"names": [1]}}, r"inner.names\[0\]: got 1, allowed: text"),
        ({"name": "x", "limit": 1.5}, "limit: got 1.5, allowed: a whole number"),
        ({"name": "x", "inner": 4}, "inner: expected a mapping, got 4"),
    ],
)
def test_errors_name_key_value_and_allowed(values, message):
    with pytest.raises(InputError, match=message):
        parse(Outer, values)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"source": "quckdraw"}, "source"),
        ({"image_size": 4}, "image_size"),
        ({"rasterizer": "book"}, "image_size"),  # book at 28
        ({"rasterizer": "pil"}, "rasterizer"),
        ({"words": ("",)}, "words"),
        ({"splits": (0.5, 0.5, 0.5)}, "splits"),
        ({"splits": (0.0, 0.5, 0.5)}, "splits"),
        ({"per_label": -1}, "per_label"),
        ({"seed": -1}, "seed"),
        ({"shards": -1}, "shards"),
        ({"max_reject_rate": 1.5}, "max_reject_rate"),
        ({"split_by": "label"}, "split_by"),
    ],
)
def test_impossible_options_are_refused(values, key):
    with pytest.raises(InputError, match=rf"^{key}: got .*, allowed: "):
        PrepConfig(**{"source": "quickdraw"} | values)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits(Config):
    share: Annotated[float, Between(0, 1, "a share, 0 to 1")] = 0.5
    count: Annotated[int | None, Between(1, 9)] = None
    rate: Annotated[float, Above(0)] = 1.0
    margin: Annotated[float, AtLeast(0)] = 0.0
    kind: Annotated[str, OneOf(lambda: KINDS)] = "a"


KINDS = ["a", "b"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"share": 1.5}, "share: got 1.5, allowed: a share, 0 to 1"),
        ({"count": 10}, "count: got 10, allowed: 1 to 9"),
        ({"rate": 0.0}, "rate: got 0.0, allowed: a number above 0"),
        ({"rate": float("inf")}, "rate: got inf, allowed: a number above 0"),
        ({"margin": float("nan")}, "margin: got nan, allowed: a number of at least 0"),
        ({"kind": "c"}, "kind: got 'c', allowed: a, b"),
    ],
)
def test_a_field_carries_its_constraint(values, message):
    for make in (lambda: Limits(**values), lambda: parse(Limits, values)):
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            make()


def test_what_is_allowed_is_asked_for_when_a_value_is_checked(monkeypatch):
    monkeypatch.setitem(globals(), "KINDS", ["a", "b", "c"])
    assert Limits(kind="c", count=None, share=1).kind == "c"


def test_a_number_may_be_larger_than_any_float():
    assert Limits(margin=10**400).margin == 10**400
    with pytest.raises(InputError, match="count: got 1000"):
        Limits(count=10**400)
