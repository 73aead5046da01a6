"""What a run costs, from the machines in the compiled pipeline and a table that anyone can edit."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from data_prep.config_base import parse, require
from data_prep.errors import InputError
from pipeline.cluster.compiled_spec import containers
from pipeline.config.machines import smallest_machine

OTHERS = "others"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prices:
    """currency; run: for each run; machines, accelerators: an hour each; hours: by node, that of
    the nodes it does not name under `others`."""

    currency: str
    run: float = 0
    machines: dict[str, float]
    accelerators: dict[str, float]
    hours: dict[str, float]

    def __post_init__(self) -> None:
        for name in ("machines", "accelerators", "hours"):
            for key, value in getattr(self, name).items():
                require(value >= 0, f"{name}.{key}", value, "0 or more")
        require(OTHERS in self.hours, "hours", sorted(self.hours), f"with {OTHERS}")


class CostLine(NamedTuple):
    """One node's share. price: an hour, accelerators included; None where the table has none."""

    node: str
    machine: str
    accelerator: str
    number: int
    hours: float
    price: float | None

    @property
    def cost(self) -> float:
        return self.hours * (self.price or 0)


def read_prices(path: Path) -> Prices:
    try:
        return parse(Prices, yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def estimate(spec: Mapping[str, Any], prices: Prices) -> list[CostLine]:
    """A line for each node that has a container, the dearest first."""
    lines = []
    for node, container in containers(spec).items():
        machine, accelerator, count = _custom_job(spec, node) or _machine(container["resources"])
        parts = [prices.machines.get(machine)]
        if accelerator:
            each = prices.accelerators.get(accelerator)
            parts.append(None if each is None else each * count)
        known = [part for part in parts if part is not None]
        price = sum(known) if len(known) == len(parts) else None
        hours = prices.hours.get(node, prices.hours[OTHERS])
        lines.append(CostLine(node, machine, accelerator, count, hours, price))
    return sorted(lines, key=lambda line: (-line.cost, line.node))


def table(lines: list[CostLine], prices: Prices) -> str:
    """The estimate in words."""
    rows = [
        f"  {line.node:<20} {line.machine:<16} "
        f"{f'{line.number} x {line.accelerator}' if line.accelerator else '-':<24} "
        f"{line.hours:>6.2f} h  "
        + ("not in the table" if line.price is None else f"{line.cost:>8.2f}")
        for line in lines
    ]
    total = sum(line.cost for line in lines) + prices.run
    unknown = any(line.price is None for line in lines)
    words = f"estimate: {total:.2f} {prices.currency} a run" + (" and more" if unknown else "")
    return "\n".join([words, *rows, f"  {'the run itself':<71} {prices.run:>8.2f}"])


def _machine(resources: Mapping[str, Any]) -> tuple[str, str, int]:
    """Returns (machine, accelerator, number) of a container, by its limits."""
    accelerator = resources.get("accelerator", {})
    kind, count = accelerator.get("type", ""), int(accelerator.get("count", 0))
    machine = smallest_machine(resources["cpuLimit"], resources["memoryLimit"], kind, count)
    return machine or "unknown", kind, count


def _custom_job(spec: Mapping[str, Any], node: str) -> tuple[str, str, int] | None:
    """The machine of the CustomJob that a node starts; None where it starts none."""
    for task in spec["root"]["dag"]["tasks"].values():
        given = task.get("inputs", {}).get("parameters", {}).get("custom_config", {})
        text = given.get("runtimeValue", {}).get("constant")
        if task["componentRef"]["name"] != node or not text:
            continue
        config = json.loads(text)
        for value in config.values() if isinstance(config, dict) else ():
            if isinstance(value, dict) and "job_spec" in value:
                machine = value["job_spec"]["worker_pool_specs"][0]["machine_spec"]
                kind, count = machine.get("accelerator_type", ""), machine.get("accelerator_count")
                return machine["machine_type"], kind, int(count or 0)
    return None
