"""Machine types: their form, known ones, and the smallest that has given limits."""

import pytest

from data_prep.errors import InputError
from pipeline.config.machines import (
    A100,
    L4,
    N1_ACCELERATORS,
    check_machine,
    known_machine,
    smallest_machine,
)

T4, V100 = "NVIDIA_TESLA_T4", "NVIDIA_TESLA_V100"


@pytest.mark.parametrize(
    ("machine", "accelerator", "count"),
    [("n1-standard-8", T4, 1), ("n1-standard-16", V100, 2), ("n1-highmem-2", T4, 4),
     ("g2-standard-24", L4, 2), ("a2-highgpu-1g", A100, 1), ("e2-standard-4", "", 0),
     ("a4-highgpu-8g", "NVIDIA_B200", 8), ("c3-standard-8", "", 0), ("n1-standard-5", "", 0),
     ("g4-standard-48", "NVIDIA_RTX_PRO_6000", 1), ("n2-custom-8-16384", "", 0),
     ("c3-standard-8-lssd", "", 0), ("ct5lp-hightpu-4t", "TPU_V5_LITEPOD", 4),
     ("custom-4-8192", "", 0), ("n2d-custom-8-16384-ext", "", 0), ("e2-medium", "", 0),
     ("x4-480-8t-metal", "", 0), ("m3-ultramem-32", "", 0), ("h4d-highmem-192-lssd", "", 0)],
)  # fmt: skip
def test_machines_that_pass(machine, accelerator, count):
    check_machine(machine, accelerator, count)


@pytest.mark.parametrize(
    ("machine", "accelerator", "count", "words"),
    [
        ("m7-huge", T4, 1, "machine: got 'm7-huge', allowed: .*n1-standard-8"),
        ("n1-standard", "", 0, "machine: got"),
        ("N1-standard-8", "", 0, "machine: got"),
        ("big", "", 0, "machine: got"),
        ("n1-standard-8", A100, 1, "accelerator: got 'NVIDIA_TESLA_A100', allowed: .*T4"),
        ("e2-standard-4", T4, 1, "accelerator: .*allowed: none with e2-standard-4"),
        ("n1-standard-8", T4, 3, "accelerators: got 3, allowed: 1, 2, 4"),
        ("n1-standard-8", T4, 0, "accelerators: got 0"),
        ("n1-standard-8", "", 2, "accelerators: got 2, allowed: 0 without"),
        ("g2-standard-24", L4, 1, "accelerators: got 1, allowed: 2 NVIDIA_L4"),
        ("a2-highgpu-1g", "", 0, "accelerator: got '', allowed: NVIDIA_TESLA_A100 with"),
        ("n1-standard-8", "T4", 1, "accelerator: got 'T4', allowed: .*NVIDIA_TESLA_T4"),
        ("a4-highgpu-8g", "b200", 8, "accelerator: got 'b200', allowed: .*NVIDIA_TESLA_T4"),
    ],
)
def test_machines_that_do_not(machine, accelerator, count, words):
    with pytest.raises(InputError, match=f"^{words}"):
        check_machine(machine, accelerator, count)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("n1-standard-8", (8, 30, "", 0)),
        ("n1-highmem-2", (2, 13, "", 0)),
        ("c2-standard-30", (30, 120, "", 0)),
        ("g2-standard-48", (48, 192, L4, 4)),
        ("a2-megagpu-16g", (96, 1360, A100, 16)),
        ("a3-highgpu-8g", (208, 1872, "NVIDIA_H100_80GB", 8)),
        ("a3-ultragpu-8g", (224, 2952, "NVIDIA_H200_141GB", 8)),
        ("a4-highgpu-8g", None),
        ("n1-standard-5", None),
        ("n1-standard-8g", None),
        ("", None),
    ],
)
def test_cpus_and_memory_of_known_machines(name, known):
    assert known_machine(name) == known


@pytest.mark.parametrize(
    ("limits", "machine"),
    [
        ((4, 15), "n1-standard-4"),
        ((4, 16), "e2-standard-4"),
        ((30, 100), "n1-standard-32"),
        ((8, 30, T4, 2), "n1-standard-8"),
        ((8, 30, L4, 1), "g2-standard-8"),
        ((8, 30, A100, 2), "a2-highgpu-2g"),
        ((8, 700, A100, 8), None),
        ((8, 30, "NVIDIA_B200", 8), None),
        ((200, 100), None),
    ],
)
def test_the_smallest_machine_with_some_limits(limits, machine):
    assert smallest_machine(*limits) == machine


def test_accelerators_have_the_names_that_the_client_knows():
    from google.cloud.aiplatform_v1 import AcceleratorType

    machines = map(known_machine, ("g2-standard-4", "a2-ultragpu-1g", "a3-megagpu-8g"))
    built_in = {machine.accelerator for machine in machines}
    assert {*N1_ACCELERATORS, A100, *built_in} <= {kind.name for kind in AcceleratorType}
