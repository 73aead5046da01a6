"""The evaluator's settings, completed and checked against the data before anything runs."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

from components.latent_evaluator.config import ATTRIBUTE_FACTORS, EvaluationConfig
from data_prep.config import PrepConfig
from data_prep.config_base import require
from data_prep.manifest import read_manifest
from data_prep.sources.registry import look_at
from data_prep.synthetic.drawings import FACTORS_FILE
from pipeline.config.pipeline import SAMPLE, PipelineConfig


def check_names(
    evaluation: EvaluationConfig, options: PrepConfig | None, inputs: Sequence[str]
) -> None:
    """Refuses names that the data has not, as far as its names are known before it is read."""
    if options is None:
        manifest = read_manifest(inputs[0])
        evaluation.check_names(manifest.attributes, manifest.labels)
        return
    source = look_at(options, inputs)
    if not source.labelled:
        evaluation.check_names(source.attributes, ())


def evaluation_settings(
    config: PipelineConfig, inputs: Sequence[str], *, fixed: bool = True
) -> EvaluationConfig:
    """The evaluator's, with the known factors of the drawings that are made here unless others
    are named, and with the path of a file of them absolute.

    Args:
      fixed: whether the run reads these inputs. A cluster's may read others, whose factors are
        not known here.

    Raises:
      InputError: where that file is not there.
    """
    factors = config.evaluation.factors
    if config.data.source == SAMPLE and not factors and fixed:
        factors = os.path.join(os.path.dirname(inputs[0]), FACTORS_FILE)
    elif factors and factors != ATTRIBUTE_FACTORS and "://" not in factors:
        factors = os.path.abspath(factors)
        allowed = f"a CSV file that is there, or {ATTRIBUTE_FACTORS}"
        require(os.path.isfile(factors), "evaluation.factors", factors, allowed)
    return dataclasses.replace(config.evaluation, factors=factors)
