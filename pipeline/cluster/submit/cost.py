"""The estimated cost of a run: the machines in a compiled pipeline times an editable price list."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from data_prep.config_base import Config, require
from pipeline.cluster.compiled_spec import containers
from pipeline.config.machines import smallest_machine

OTHERS = "others"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prices(Config):
    """A price list, as kubeflow/prices.yaml holds it."""

    currency: str
    run: float = 0  # of a run itself
    machines: dict[str, float]  # of an hour, by type
    accelerators: dict[str, float]  # of an hour, by type
    hours: dict[str, float]  # by node; under `others` those of a node that is not named

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("machines", "accelerators", "hours"):
            for key, value in getattr(self, name).items():
                require(value >= 0, f"{name}.{key}", value, "0 or more")
        require(OTHERS in self.hours, "hours", sorted(self.hours), f"with {OTHERS}")


class CostLine(NamedTuple):
    """The share of one node."""

    node: str
    machine: str
    accelerator: str
    number: int  # of accelerators
    hours: float
    price: float | None  # of an hour, accelerators included; None where the list has none

    @property
    def cost(self) -> float:
        return self.hours * (self.price or 0)


def estimate(spec: Mapping[str, Any], prices: Prices) -> list[CostLine]:
    """Returns a line for each node that has a container, the dearest first."""
    lines = []
    for node, container in containers(spec).items():
        machine, accelerator, count = _custom_job(spec, node) or _machine(container["resources"])
        price = prices.machines.get(machine)
        price_of_one = prices.accelerators.get(accelerator) if accelerator else 0.0
        if price is not None:
            price = None if price_of_one is None else price + price_of_one * count
        hours = prices.hours.get(node, prices.hours[OTHERS])
        lines.append(CostLine(node, machine, accelerator, count, hours, price))
    return sorted(lines, key=lambda line: (-line.cost, line.node))


def table(lines: list[CostLine], prices: Prices) -> str:
    """Returns the estimate as the text of a table."""
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
    """Returns (machine, accelerator, number) of the CustomJob that a node starts, or None."""
    parameters = spec["root"]["dag"]["tasks"][node].get("inputs", {}).get("parameters", {})
    text = parameters.get("custom_config", {}).get("runtimeValue", {}).get("constant")
    config = json.loads(text) if text else None
    for value in config.values() if isinstance(config, dict) else ():
        if isinstance(value, dict) and "job_spec" in value:
            machine = value["job_spec"]["worker_pool_specs"][0]["machine_spec"]
            kind, count = machine.get("accelerator_type", ""), machine.get("accelerator_count")
            return machine["machine_type"], kind, int(count or 0)
    return None
