"""Names of the cloud: what passes, and what is refused before anything is sent."""

import pytest

from data_prep.errors import InputError
from pipeline.cluster.submit.cron import check_cron, check_timezone, with_seconds
from pipeline.config import cloud_names
from pipeline.config.machines import ACCELERATORS, MACHINES, check_pair

T4, V100, A100 = "NVIDIA_TESLA_T4", "NVIDIA_TESLA_V100", "NVIDIA_TESLA_A100"


@pytest.mark.parametrize(
    "line",
    ["0 3 * * 1", "*/15 * * * *", "0 0 1,15 JAN-MAR,12 *", "5 4 * * sun", "0 0 29 2 *",
     "0 9-17/2 * * MON-FRI", "0 0 30 2 1"],
)  # fmt: skip
def test_cron_lines_that_fit(line):
    assert check_cron(f"  {line.replace(' ', '  ')} ") == line


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0 3 * *", "5 fields"),
        ("0 0 3 * * 1", "5 fields"),
        ("60 3 * * 1", "'60' as minute"),
        ("0 24 * * 1", "'24' as hour"),
        ("0 3 0 * *", "'0' as day of month"),
        ("0 3 * 13 *", "'13' as month"),
        ("0 3 * * 8", "'8' as day of week"),
        ("0 3 * * MAY", "'MAY' as day of week"),
        ("*/0 3 * * *", r"'\*/0' as minute"),
        ("5-1 3 * * *", "'5-1' as minute"),
        ("@daily", "5 fields"),
        ("1, 3 * * *", "'' as minute"),
        ("٣ 3 * * *", "as minute"),
        ("0 0 30 2 *", "no month of it has"),
        ("0 0 31 2,4,6 *", "no month of it has"),
    ],
)
def test_cron_lines_that_do_not(line, words):
    with pytest.raises(InputError, match=f"^cron: .*{words}"):
        check_cron(line)


def test_kubeflow_lines_begin_with_seconds_and_know_no_seventh_day():
    assert with_seconds("30 4 7 7 5,7") == "0 30 4 7 7 5,0"
    assert with_seconds("*/15 3 * * 1-5") == "0 */15 3 * * 1-5"


def test_time_zones_are_those_of_the_database():
    assert check_timezone("Europe/Berlin") == "Europe/Berlin"
    with pytest.raises(InputError, match="timezone: got 'Mars/Base'"):
        check_timezone("Mars/Base")


@pytest.mark.parametrize(
    ("machine", "accelerator", "count"),
    [("n1-standard-8", T4, 1), ("n1-standard-8", V100, 1), ("n1-standard-16", V100, 2),
     ("n1-standard-32", T4, 2), ("n1-standard-96", V100, 8), ("n1-highmem-2", T4, 4),
     ("g2-standard-24", "NVIDIA_L4", 2), ("a2-highgpu-1g", A100, 1), ("e2-standard-4", "", 0)],
)  # fmt: skip
def test_pairs_that_vertex_has(machine, accelerator, count):
    check_pair(machine, accelerator, count)


@pytest.mark.parametrize(
    ("machine", "accelerator", "count", "words"),
    [
        ("n1-standard-5", "", 0, "machine: got 'n1-standard-5', allowed: .*n1-standard-4"),
        ("m7-huge", T4, 1, "machine: got 'm7-huge', allowed: .*n1-standard-4"),
        ("n1-standard-8", A100, 1, "accelerator: got 'NVIDIA_TESLA_A100', allowed: .*T4"),
        ("e2-standard-4", T4, 1, "accelerator: .*allowed: none with e2-standard-4"),
        ("n1-standard-16", V100, 1, "accelerators: got 1, allowed: 2, 4, 8 NVIDIA_TESLA_V100"),
        ("n1-standard-32", T4, 1, "accelerators: got 1, allowed: 2, 4 NVIDIA_TESLA_T4"),
        ("n1-standard-8", T4, 3, "accelerators: got 3, allowed: 1, 2, 4"),
        ("n1-standard-8", T4, 0, "accelerators: got 0"),
        ("n1-standard-8", "", 2, "accelerators: got 2, allowed: 0 without"),
        ("g2-standard-24", "NVIDIA_L4", 1, "accelerators: got 1, allowed: 2 NVIDIA_L4"),
        ("a2-highgpu-1g", "", 0, "accelerator: got '', allowed: NVIDIA_TESLA_A100 with"),
        ("n1-standard-8", "T4", 1, "accelerator: got 'T4', allowed: NVIDIA_TESLA_P4"),
    ],
)
def test_pairs_that_it_has_not(machine, accelerator, count, words):
    with pytest.raises(InputError, match=f"^{words}"):
        check_pair(machine, accelerator, count)


def test_the_table_names_accelerators_as_the_client_does():
    from google.cloud.aiplatform_v1 import AcceleratorType

    assert set(ACCELERATORS) <= {kind.name for kind in AcceleratorType}
    assert all(machine.cpus > 0 and machine.memory_gib > 0 for machine in MACHINES.values())


@pytest.mark.parametrize(
    "image",
    [
        "latentforge:0.1.0",
        "images.example.com/pr/lf@sha256:" + "0" * 64,
        "localhost:5000/a/b_c:X-1",
    ],
)
def test_images_that_fit(image):
    cloud_names.check_image(image)


@pytest.mark.parametrize(
    "image", ["latentforge", "Lf:1", "a b:1", "lf:", "lf:1\n", "lf@sha256:12", "/lf:1", "a//b:1"]
)
def test_images_that_do_not(image):
    with pytest.raises(InputError, match=r"^image: got .*allowed: REGISTRY"):
        cloud_names.check_image(image)


def test_an_image_without_a_registry_stays_here():
    cloud_names.check_pullable("images.example.com/pr/lf/lf:1")
    with pytest.raises(InputError, match="with its registry"):
        cloud_names.check_pullable("latentforge:0.1.0")


@pytest.mark.parametrize("path", ["", "gs://", "gs://B/x", "gs://b", "/tmp/x", "s3://bkt/x",
                                  "gs://bkt/../x", "gs://bkt/*", "gs://bkt /x"])  # fmt: skip
def test_roots_outside_of_buckets(path):
    with pytest.raises(InputError, match=r"^root: got .*gs://BUCKET"):
        cloud_names.check_bucket(path)


def test_regions_projects_and_accounts():
    cloud_names.check_region("europe-west4")
    cloud_names.check_project("my-project")
    cloud_names.check_service_account("lf@my-project.iam.gserviceaccount.com")
    with pytest.raises(InputError, match=r"region: got 'europe-west-4', allowed: .*europe-west4"):
        cloud_names.check_region("europe-west-4")
    with pytest.raises(InputError, match="project: got 'My Project'"):
        cloud_names.check_project("My Project")
    with pytest.raises(InputError, match="service_account: got 'me'"):
        cloud_names.check_service_account("me")
