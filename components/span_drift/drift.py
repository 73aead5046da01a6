"""The report of a drift, drift.json, as the evaluator judges and shows it."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator
from typing import Any

from tfx.utils import io_utils

FILE = "drift.json"


@dataclasses.dataclass(frozen=True)
class DriftMeasure:
    """The distance of one statistic between two spans.

    distance, noise, allowed: 0 to 1; noise is what sampling alone would give.
    words: what moved, and how far.
    """

    name: str
    distance: float
    noise: float
    allowed: float
    words: str

    @property
    def passed(self) -> bool:
        return self.distance <= max(self.allowed, self.noise)


@dataclasses.dataclass(frozen=True, kw_only=True)
class DriftReport:
    """The contents of drift.json; see `components.artifacts.Drift`.

    span, reference: names of spans; reference is None where nothing is compared.
    """

    span: str
    reference: str | None
    note: str
    images: tuple[int, int] = (0, 0)
    measures: tuple[DriftMeasure, ...] = ()
    histograms: dict[str, dict[str, list[float]]] = dataclasses.field(default_factory=dict)

    def checks(self) -> Iterator[tuple[bool, str]]:
        """Yields (passed, words) of each measure, as a blessing lists them."""
        if self.note:
            yield True, f"drift: {self.note}"
        for each in self.measures:
            beyond = "" if each.passed else "too far: "
            noise = f", noise {each.noise:.3f}" if each.noise > each.allowed else ""
            yield (
                each.passed,
                f"drift of {each.name} from span {self.reference} to {self.span}: {beyond}"
                f"{each.distance:.3f} (at most {each.allowed:g}{noise}; {each.words})",
            )

    def to_json(self) -> str:
        plain = dataclasses.asdict(self)
        for each, measure in zip(plain["measures"], self.measures, strict=True):
            each["passed"] = measure.passed
        return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> DriftReport:
        plain: dict[str, Any] = json.loads(text)
        names = [field.name for field in dataclasses.fields(DriftMeasure)]
        rows = tuple(DriftMeasure(**{n: row[n] for n in names}) for row in plain["measures"])
        return cls(**plain | {"images": tuple(plain["images"]), "measures": rows})


def read_drift(directory: str) -> DriftReport:
    """Reads the artifact of `SpanDrift`."""
    return DriftReport.from_json(io_utils.read_string_file(os.path.join(directory, FILE)))
