"""Machine types of Google Cloud: the form of their names, and CPUs and memory of known ones.

Source: "Machine types" of the Compute Engine documentation. The service judges whether a region
has a type; a type that is not in the table here passes, with a warning.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from data_prep.config_base import require

# SERIES-TYPE-SIZE: n1-standard-8, a4-highgpu-8g, c3-standard-8-lssd, n2-custom-8-16384
# SERIES-CLASS-SIZE with suffixes, such as c4a-highmem-8-lssd; x4-480-8t-metal has no class,
# custom-4-8192 (of N1) no series, and machines with shared cores a word for their size.
_MACHINE = re.compile(
    r"(?:[a-z]{1,2}[0-9]+[a-z]*(?:-[a-z]+)?|custom)-[0-9]+[gt]?(?:-[a-z0-9]+)*"
    r"|[a-z][0-9]-(?:micro|small|medium)"
)
_ACCELERATOR = re.compile(r"(?:NVIDIA|TPU)(?:_[A-Z0-9]+)+")
COUNTS = (1, 2, 4, 8, 16)
L4, A100 = "NVIDIA_L4", "NVIDIA_TESLA_A100"
# Accelerators that machines of the series N1 take; other known series take none, or have their own.
N1_ACCELERATORS = ("NVIDIA_TESLA_P4", "NVIDIA_TESLA_P100", "NVIDIA_TESLA_T4", "NVIDIA_TESLA_V100")
DEFAULT_LIMITS = (4.0, 15.0)  # CPUs and GiB of a container that nothing is said of

# SERIES-TYPE -> GiB of memory a CPU, sizes in CPUs
_PLAIN = {
    "n1-standard": (3.75, (4, 8, 16, 32, 64, 96)),
    "n1-highmem": (6.5, (2, 4, 8, 16, 32, 64, 96)),
    "n1-highcpu": (0.9, (16, 32, 64, 96)),
    "e2-standard": (4, (4, 8, 16, 32)),
    "e2-highmem": (8, (2, 4, 8, 16)),
    "n2-standard": (4, (4, 8, 16, 32, 48, 64, 80)),
    "n2-highmem": (8, (2, 4, 8, 16, 32, 48, 64, 80)),
    "c2-standard": (4, (4, 8, 16, 30, 60)),
}
# SERIES-TYPE -> accelerator, CPUs and GiB of memory for each of them, sizes: their numbers
_WITH_ACCELERATORS = {
    "a2-highgpu": (A100, 12, 85, (1, 2, 4, 8)),
    "a2-megagpu": (A100, 6, 85, (16,)),
    "a2-ultragpu": ("NVIDIA_A100_80GB", 12, 170, (1, 2, 4, 8)),
    "a3-highgpu": ("NVIDIA_H100_80GB", 26, 234, (1, 2, 4, 8)),
    "a3-megagpu": ("NVIDIA_H100_MEGA_80GB", 26, 234, (8,)),
    "a3-ultragpu": ("NVIDIA_H200_141GB", 28, 369, (8,)),
}
_L4_BY_CPUS = {4: 1, 8: 1, 12: 1, 16: 1, 24: 2, 32: 1, 48: 4, 96: 8}


class Machine(NamedTuple):
    """A machine type."""

    cpus: int
    memory_gib: float
    accelerator: str = ""  # the kind that is built in
    accelerators: int = 0


_KNOWN = {
    **{
        f"{series}-{cpus}": Machine(cpus, cpus * gib)
        for series, (gib, sizes) in _PLAIN.items()
        for cpus in sizes
    },
    **{
        f"{series}-{number}g": Machine(number * cpus, number * gib, accelerator, number)
        for series, (accelerator, cpus, gib, sizes) in _WITH_ACCELERATORS.items()
        for number in sizes
    },
    **{f"g2-standard-{cpus}": Machine(cpus, 4 * cpus, L4, n) for cpus, n in _L4_BY_CPUS.items()},
}


def known_machine(name: str) -> Machine | None:
    """Returns what a machine type has, or None where the table does not say."""
    return _KNOWN.get(name)


def smallest_machine(
    cpus: float, memory_gib: float, accelerator: str = "", count: int = 0
) -> str | None:
    """Returns the smallest known machine type that has that much; None where none has.

    It has the accelerators built in, or is of a series that Vertex AI adds them to. Without an
    accelerator it is of the series E2 or N1.
    """
    series = ("n1-",) if accelerator in N1_ACCELERATORS else () if accelerator else ("e2-", "n1-")
    fitting = [
        (machine.cpus, machine.memory_gib, name)
        for name, machine in _KNOWN.items()
        if machine.cpus >= cpus
        and machine.memory_gib >= memory_gib
        and (name.startswith(series) or (accelerator and machine[2:] == (accelerator, count)))
    ]
    return min(fitting)[2] if fitting else None


def check_machine(machine: str, accelerator: str = "", count: int = 0) -> None:
    """Refuses names of no machine type or accelerator, and pairs that known types do not have.

    `accelerator` is "" and `count` 0 where there is none.
    """
    form = "a machine type of Google Cloud, such as n1-standard-8 or a2-highgpu-1g"
    require(bool(_MACHINE.fullmatch(machine)), "machine", machine, form)
    known = known_machine(machine)
    if known and known.accelerator:
        allowed = f"{known.accelerator} with {machine}"
        require(accelerator == known.accelerator, "accelerator", accelerator, allowed)
        allowed = f"{known.accelerators} {accelerator} with {machine}"
        require(count == known.accelerators, "accelerators", count, allowed)
    if not accelerator:
        require(not count, "accelerators", count, "0 without an accelerator")
        return
    form = f"an accelerator of Vertex AI, such as {N1_ACCELERATORS[2]}"
    require(bool(_ACCELERATOR.fullmatch(accelerator)), "accelerator", accelerator, form)
    if known and not known.accelerator:
        takes = N1_ACCELERATORS if machine.startswith("n1-") else ()
        allowed = f"{', '.join(takes) or 'none'} with {machine}"
        require(accelerator in takes, "accelerator", accelerator, allowed)
    require(count in COUNTS, "accelerators", count, ", ".join(map(str, COUNTS)))
