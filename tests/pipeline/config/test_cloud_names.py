"""Names of the cloud: what passes, and what is refused before anything is sent."""

import pytest

from data_prep.errors import InputError
from pipeline.config import cloud_names


@pytest.mark.parametrize(
    "image",
    [
        "latentforge:0.1.0",
        "images.example.com/pr/lf@sha256:" + "0" * 64,
        "localhost:5000/a/b_c:X-1",
    ],
)
def test_images_that_fit(image):
    cloud_names.IMAGE.check(image, "image")


@pytest.mark.parametrize(
    "image", ["latentforge", "Lf:1", "a b:1", "lf:", "lf:1\n", "lf@sha256:12", "/lf:1", "a//b:1"]
)
def test_images_that_do_not(image):
    with pytest.raises(InputError, match=r"^image: got .*allowed: REGISTRY"):
        cloud_names.IMAGE.check(image, "image")


def test_an_image_without_a_registry_stays_here():
    cloud_names.PULLABLE_IMAGE.check("images.example.com/pr/lf/lf:1", "image")
    with pytest.raises(InputError, match="with its registry"):
        cloud_names.PULLABLE_IMAGE.check("latentforge:0.1.0", "image")


@pytest.mark.parametrize("path", ["", "gs://", "gs://B/x", "gs://b", "/tmp/x", "s3://bkt/x",
                                  "gs://bkt/../x", "gs://bkt/*", "gs://bkt /x"])  # fmt: skip
def test_roots_outside_of_buckets(path):
    with pytest.raises(InputError, match=r"^root: got .*gs://BUCKET"):
        cloud_names.BUCKET.check(path, "root")


@pytest.mark.parametrize("region", ["europe-west4", "europe-north2", "northamerica-northeast1"])
def test_regions_of_the_form_pass_and_the_service_judges(region):
    cloud_names.REGION.check(region, "region")


@pytest.mark.parametrize("region", ["europe-west-4", "moon", "x", "", "us-central1-a", "US-EAST1"])
def test_names_that_are_no_region(region):
    with pytest.raises(InputError, match=rf"^region: got '{region}', allowed: .*europe-west4"):
        cloud_names.REGION.check(region, "region")


def test_projects_and_accounts():
    cloud_names.PROJECT.check("my-project", "project")
    cloud_names.SERVICE_ACCOUNT.check("lf@my-project.iam.gserviceaccount.com", "service_account")
    with pytest.raises(InputError, match="project: got 'My Project'"):
        cloud_names.PROJECT.check("My Project", "project")
    with pytest.raises(InputError, match="service_account: got 'me'"):
        cloud_names.SERVICE_ACCOUNT.check("me", "service_account")


def test_only_an_optional_name_may_be_empty():
    assert cloud_names.PROJECT.or_empty().holds("") and not cloud_names.PROJECT.holds("")
