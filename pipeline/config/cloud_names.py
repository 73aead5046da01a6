"""What is wrong with a name of the cloud is said before anything is sent."""

from __future__ import annotations

import re

from data_prep.config_base import require

# https://cloud.google.com/vertex-ai/docs/general/locations: where pipelines run
REGIONS = (
    "africa-south1", "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2",
    "asia-northeast3", "asia-south1", "asia-southeast1", "asia-southeast2",
    "australia-southeast1", "australia-southeast2", "europe-central2", "europe-north1",
    "europe-southwest1", "europe-west1", "europe-west2", "europe-west3", "europe-west4",
    "europe-west6", "europe-west8", "europe-west9", "europe-west12", "me-central1", "me-central2",
    "me-west1", "northamerica-northeast1", "northamerica-northeast2", "southamerica-east1",
    "southamerica-west1", "us-central1", "us-east1", "us-east4", "us-east5", "us-south1",
    "us-west1", "us-west2", "us-west3", "us-west4",
)  # fmt: skip

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:(?P<registry>[a-z0-9.-]+(?::[0-9]+)?)/)?{_PART}(?:/{_PART})*"
    r"(?P<version>:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})"
)
_BUCKET = re.compile(r"gs://(?P<bucket>[a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:/[^*?#\[\]\n\r]*)?")
_PROJECT = re.compile(r"(?:[a-z][a-z0-9.]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_ACCOUNT = re.compile(r"[a-z0-9-]+@[a-z0-9.-]+\.[a-z]+")


def check_region(region: str, name: str = "region") -> None:
    require(region in REGIONS, name, region, ", ".join(REGIONS))


def check_image(image: str, name: str = "image") -> None:
    """An image reference that stays what it is: with a tag or a digest."""
    allowed = "REGISTRY/PATH/NAME:TAG or …@sha256:DIGEST, in lower case but for the tag"
    require(bool(_IMAGE.fullmatch(image)), name, image, allowed)


def check_pullable(image: str, name: str = "image") -> None:
    """An image that another machine can fetch: its registry is named."""
    check_image(image, name)
    found = _IMAGE.fullmatch(image)
    registry = found.group("registry") if found else ""
    allowed = "an image with its registry, such as REGISTRY/PROJECT/NAME:TAG"
    require(bool(registry) and "." in str(registry), name, image, allowed)


def check_bucket(path: str, name: str = "root") -> None:
    """A folder in a bucket of Google Cloud Storage."""
    found = _BUCKET.fullmatch(path)
    allowed = "a folder in a bucket, gs://BUCKET/FOLDER"
    require(found is not None and ".." not in path, name, path, allowed)


def check_project(project: str, name: str = "project") -> None:
    require(bool(_PROJECT.fullmatch(project)), name, project, "the id of a Google Cloud project")


def check_service_account(account: str, name: str = "service_account") -> None:
    allowed = "NAME@PROJECT.iam.gserviceaccount.com"
    require(bool(_ACCOUNT.fullmatch(account)), name, account, allowed)
