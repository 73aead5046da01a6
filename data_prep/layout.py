"""The names of files and folders of a prepared data set, written once.

manifest.json                           what the set holds; written last
Split-train/examples-00000-of-00002.gz  a shard
rejects-00000-of-00001.jsonl            the inputs that became no record
.staging/                               while the preparation runs
"""

from __future__ import annotations

MANIFEST = "manifest.json"
PARTIAL_MANIFEST = f"{MANIFEST}.partial"
STAGING = ".staging"
REPORTS = "reports"  # in the staging folder
ANY_SHARD = "Split-*/*"  # a glob of the files of all splits


def split_folder(split: str) -> str:
    """Returns the folder of a split's shards.

    >>> split_folder("train")
    'Split-train'
    """
    return f"Split-{split}"


def split_of(path: str) -> str:
    """Returns the split of a shard, from its path within the data set.

    >>> split_of("Split-eval/examples-00000-of-00001.gz")
    'eval'
    """
    return path.split("/")[0].removeprefix("Split-")


def shard_path(split: str, index: int, count: int) -> str:
    """Returns the path of a shard within the data set.

    >>> shard_path("test", 3, 12)
    'Split-test/examples-00003-of-00012.gz'
    """
    return f"{split_folder(split)}/examples-{index:05d}-of-{count:05d}.gz"


def shard_glob(split: str) -> str:
    """Returns a glob of a split's shards within the data set.

    >>> shard_glob("eval")
    'Split-eval/*.gz'
    """
    return f"{split_folder(split)}/*.gz"


def rejects_file(index: int = 0, count: int = 1) -> str:
    """Returns the name of a rejects file; a window of spans has one for each.

    >>> rejects_file()
    'rejects-00000-of-00001.jsonl'
    """
    return f"rejects-{index:05d}-of-{count:05d}.jsonl"
