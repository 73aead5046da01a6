"""Machine types of Vertex AI and the accelerators that each may carry.

Source: "Configure compute resources for training" and "Machine types" of the Vertex AI
documentation. A type that is missing here is refused; add it to the table.
"""

from __future__ import annotations

from typing import NamedTuple

from data_prep.config_base import require

T4, L4 = "NVIDIA_TESLA_T4", "NVIDIA_L4"
P4, P100, V100 = "NVIDIA_TESLA_P4", "NVIDIA_TESLA_P100", "NVIDIA_TESLA_V100"
A100, A100_80 = "NVIDIA_TESLA_A100", "NVIDIA_A100_80GB"
H100, H100_MEGA, H200 = "NVIDIA_H100_80GB", "NVIDIA_H100_MEGA_80GB", "NVIDIA_H200_141GB"


class Machine(NamedTuple):
    """cpus: vCPUs. memory_gib: of RAM. accelerators: type -> numbers of them that it takes.
    built_in: whether it never comes without them."""

    cpus: int
    memory_gib: float
    accelerators: dict[str, tuple[int, ...]]
    built_in: bool = False


def _n1(kind: str, gib_per_cpu: float, sizes: tuple[int, ...]) -> dict[str, Machine]:
    def at_least(*limits: tuple[int, int]) -> dict[int, tuple[int, ...]]:
        """Numbers of accelerators by vCPUs: (largest vCPUs, fewest accelerators)."""
        return {cpus: _from(next(few for most, few in limits if cpus <= most)) for cpus in sizes}

    small = at_least((16, 1), (32, 2), (96, 4))  # P4, P100 and T4, up to four
    large = at_least((8, 1), (16, 2), (32, 4), (96, 8))  # V100, up to eight
    return {
        f"n1-{kind}-{cpus}": Machine(
            cpus,
            cpus * gib_per_cpu,
            {
                **{name: tuple(n for n in small[cpus] if n <= 4) for name in (P4, P100, T4)},
                V100: large[cpus],
            },
        )
        for cpus in sizes
    }


def _from(fewest: int) -> tuple[int, ...]:
    return tuple(n for n in (1, 2, 4, 8) if n >= fewest)


def _plain(family: str, gib_per_cpu: float, sizes: tuple[int, ...]) -> dict[str, Machine]:
    return {f"{family}-{cpus}": Machine(cpus, cpus * gib_per_cpu, {}) for cpus in sizes}


def _with(accelerator: str, types: dict[str, tuple[int, float, int]]) -> dict[str, Machine]:
    """Machines that come with their accelerators: name -> (vCPUs, GiB, accelerators)."""
    return {
        name: Machine(cpus, gib, {accelerator: (count,)}, built_in=True)
        for name, (cpus, gib, count) in types.items()
    }


MACHINES: dict[str, Machine] = {
    **_n1("standard", 3.75, (4, 8, 16, 32, 64, 96)),
    **_n1("highmem", 6.5, (2, 4, 8, 16, 32, 64, 96)),
    **_n1("highcpu", 0.9, (16, 32, 64, 96)),
    **_plain("e2-standard", 4, (4, 8, 16, 32)),
    **_plain("e2-highmem", 8, (2, 4, 8, 16)),
    **_plain("n2-standard", 4, (4, 8, 16, 32, 48, 64, 80)),
    **_plain("n2-highmem", 8, (2, 4, 8, 16, 32, 48, 64, 80)),
    **_plain("c2-standard", 4, (4, 8, 16, 30, 60)),
    **_with(
        L4,
        {
            "g2-standard-4": (4, 16, 1), "g2-standard-8": (8, 32, 1),
            "g2-standard-12": (12, 48, 1), "g2-standard-16": (16, 64, 1),
            "g2-standard-24": (24, 96, 2), "g2-standard-32": (32, 128, 1),
            "g2-standard-48": (48, 192, 4), "g2-standard-96": (96, 384, 8),
        },
    ),
    **_with(
        A100,
        {
            "a2-highgpu-1g": (12, 85, 1), "a2-highgpu-2g": (24, 170, 2),
            "a2-highgpu-4g": (48, 340, 4), "a2-highgpu-8g": (96, 680, 8),
            "a2-megagpu-16g": (96, 1360, 16),
        },
    ),
    **_with(
        A100_80,
        {
            "a2-ultragpu-1g": (12, 170, 1), "a2-ultragpu-2g": (24, 340, 2),
            "a2-ultragpu-4g": (48, 680, 4), "a2-ultragpu-8g": (96, 1360, 8),
        },
    ),
    **_with(
        H100,
        {
            "a3-highgpu-1g": (26, 234, 1), "a3-highgpu-2g": (52, 468, 2),
            "a3-highgpu-4g": (104, 936, 4), "a3-highgpu-8g": (208, 1872, 8),
        },
    ),
    **_with(H100_MEGA, {"a3-megagpu-8g": (208, 1872, 8)}),
    **_with(H200, {"a3-ultragpu-8g": (224, 2952, 8)}),
}  # fmt: skip
ACCELERATORS = tuple(sorted({name for m in MACHINES.values() for name in m.accelerators}))


def check_pair(machine: str, accelerator: str, count: int) -> None:
    """Raises InputError unless Vertex AI has that machine with that many accelerators.

    `accelerator` is "" and `count` 0 where there is none.
    """
    require(machine in MACHINES, "machine", machine, "a type of pipeline/config/machines.py, "
            f"such as {_examples(accelerator)}")  # fmt: skip
    found = MACHINES[machine]
    if not accelerator:
        require(not count, "accelerators", count, "0 without an accelerator")
        needed = ", ".join(found.accelerators)
        require(not found.built_in, "accelerator", accelerator, f"{needed} with {machine}")
        return
    require(
        accelerator in found.accelerators,
        "accelerator",
        accelerator,
        f"{', '.join(found.accelerators) or 'none'} with {machine}",
    )
    counts = found.accelerators[accelerator]
    allowed = f"{', '.join(map(str, counts))} {accelerator} with {machine}"
    require(count in counts, "accelerators", count, allowed)


def _examples(accelerator: str) -> str:
    fitting = [n for n, m in MACHINES.items() if not accelerator or accelerator in m.accelerators]
    return ", ".join(fitting[:4] or list(MACHINES)[:4])
