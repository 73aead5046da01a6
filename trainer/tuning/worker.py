"""One process of a distributed search: `python -m trainer.tuning.worker SEARCH_SPEC`.

The environment makes it the chief or a worker; see `trainer.tuning.distributed`.
"""

from __future__ import annotations

import sys

from trainer.tuning.config import SearchSpec
from trainer.tuning.search import ProcessTuner
from trainer.tuning.trial_process import end_with_parent


def run(path: str) -> None:
    """Runs this process's part of the search that a JSON file of a `SearchSpec` describes."""
    with open(path, encoding="utf-8") as file:
        search_spec = SearchSpec.from_json(file.read())
    ProcessTuner(search_spec).search()


if __name__ == "__main__":
    end_with_parent()
    run(*sys.argv[1:])
