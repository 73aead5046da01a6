"""The report of a drift, drift.json, as the evaluator judges and shows it."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from tfx.utils import io_utils

FILE = "drift.json"
LAST_BLESSED, REFERENCE = "the last blessed one", "the reference span"


class DriftCheck(NamedTuple):
    """The outcome of a measure; see `latent_evaluator.metrics.thresholds.Check`."""

    passed: bool
    words: str
    gate: str = ""
    value: str = ""
    limit: str = ""


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
    role: what the reference is called.
    accepted: whether the user accepts the span as it is.
    champion: the distance from the champion's reference span, where that is another one.
    measure_from: the span that later ones are measured from if a model of this one is blessed.
    """

    span: str
    reference: str | None
    note: str
    images: tuple[int, int] = (0, 0)
    measures: tuple[DriftMeasure, ...] = ()
    histograms: dict[str, dict[str, list[float]]] = dataclasses.field(default_factory=dict)
    role: str = LAST_BLESSED
    accepted: bool = False
    champion: DriftReport | None = None
    measure_from: dict[str, Any] | None = None

    def checks(self) -> Iterator[DriftCheck]:
        """Yields the outcome of each measure, as a blessing lists them."""
        if self.note:
            yield DriftCheck(True, f"drift: {self.note}")
        for each in self.measures:
            beyond = "" if each.passed else "accepted: " if self.accepted else "too far: "
            noise = f", noise {each.noise:.3f}" if each.noise > each.allowed else ""
            limit = f"at most {each.allowed:g}{noise}"
            where = f"from span {self.reference} to {self.span}"
            if self.role != LAST_BLESSED:
                where = f"from span {self.reference}, {self.role}, to {self.span}"
            yield DriftCheck(
                passed=each.passed or self.accepted,
                words=f"drift of {each.name} {where}: {beyond}{each.distance:.3f} "
                f"({limit}; {each.words})",
                gate=f"drift of {each.name} {where}",
                value=f"{each.distance:.3f}",
                limit=limit,
            )
        if self.champion:
            yield from self.champion.checks()

    def to_json(self) -> str:
        return json.dumps(self._plain(), indent=1, ensure_ascii=False) + "\n"

    def _plain(self) -> dict[str, Any]:
        plain = dataclasses.asdict(self)
        for each, measure in zip(plain["measures"], self.measures, strict=True):
            each["passed"] = measure.passed
        if self.champion:
            plain["champion"] = self.champion._plain()
        return plain

    @classmethod
    def from_json(cls, text: str) -> DriftReport:
        return cls._of(json.loads(text))

    @classmethod
    def _of(cls, plain: dict[str, Any]) -> DriftReport:
        champion = plain.get("champion")
        names = [field.name for field in dataclasses.fields(DriftMeasure)]
        rows = tuple(DriftMeasure(**{n: row[n] for n in names}) for row in plain["measures"])
        built = {"images": tuple(plain["images"]), "measures": rows}
        return cls(**plain | built | {"champion": cls._of(champion) if champion else None})


def read_drift(directory: str) -> DriftReport:
    """Reads the artifact of `SpanDrift`."""
    return DriftReport.from_json(io_utils.read_string_file(os.path.join(directory, FILE)))
