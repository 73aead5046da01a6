"""All metrics of an evaluation: importing this module registers them, so those who use the registry
import it from here.

A new module of metrics is added to the import below.
"""

from __future__ import annotations

from components.latent_evaluator.metrics import (  # noqa: F401
    conditions,
    factors,
    generalisation,
    latent_space,
    likelihood,
    precision_recall,
    reconstructions,
    samples,
)
from components.latent_evaluator.metrics.registry import (  # noqa: F401
    METRICS,
    all_conditions,
    as_markdown,
    check_thresholds,
    measure,
    table_rows,
)

if __name__ == "__main__":
    print(as_markdown(), end="")
