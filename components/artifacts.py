"""The artifact types of this project's own components, and the files of a data set's splits."""

from __future__ import annotations

import os

from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact

Artifacts = dict[str, list[Artifact]]  # of an executor, by the name of the input or output


def split_files(examples: Artifact, split: str) -> tuple[str, ...]:
    """Returns the paths of a split's shards, sorted."""
    directory = artifact_utils.get_split_uri([examples], split)
    return tuple(sorted(fileio.glob(os.path.join(directory, "*.gz"))))


class Evaluation(Artifact):
    """The quality of a model on held-out images.

    Layout of the payload:
      metrics.json       {split, seed, extractor (null without one), candidate, baseline, champion
                         (null where nothing is compared; champion also where it is the baseline)}
      blessing.json      {"blessed": bool, "reasons": [sentences], "conditions": [the fields of
                         `latent_evaluator.metrics.thresholds.Check`]}
      contact_sheet.png  real images over their reconstructions, and samples of the prior
      report.html        everything on one page

    `candidate`, `baseline` and `champion` hold every metric that
    `components.latent_evaluator.metrics` declares, null where it is not defined; a number `x` may
    have its 95 % bootstrap interval beside it, `x_interval` [low, high]. docs/evaluation.md says
    what each means.
    """

    # The V2 compiler wants an import path here and no PROPERTIES.
    TYPE_NAME = "components.Evaluation"


class LatentVectors(Artifact):
    """Attribute vectors, as `latent_evaluator.vectors.attribute_vectors` reads and writes them.

    Layout of the payload:
      attribute_vectors.npz   vectors, standard errors, cosines, orthogonalised vectors
      attribute_vectors.json  names, counts, norms, AUC; fingerprints of model and data
    """

    TYPE_NAME = "components.LatentVectors"


class Extractor(Artifact):
    """A small network trained on the same data, in whose features distances are measured.

    Layout of the payload:
      saved_model/    signature `features`: image uint8 [n, h, w, c] -> features float32
                      [n, 64], and scores float32 [n, names] where it classifies
      extractor.json  {hash, kind, names, ...}; the hash is over the weights
    """

    TYPE_NAME = "components.Extractor"


class Drift(Artifact):
    """The distance of the newest span of the data from the last blessed one.

    Layout of the payload, drift.json: {span, reference (both by name; null where nothing
    is compared), note (why not, or what of it not), images [of the reference, of the span],
    measures [{name, distance, noise, allowed, words, passed}], histograms {statistic: {edges
    [bins + 1], reference [bins], span [bins]}}}; docs/retraining.md says what they mean.
    """

    TYPE_NAME = "components.Drift"


class Trials(Artifact):
    """The trials of a search for hyper-parameters, with their results.

    Layout of the payload:
      trials.parquet, trials.csv  a row for each trial, the best first: number, rank, state,
                                  score; of it and its repeats: runs, mean, standard_error,
                                  within_noise, chosen; every hyper-parameter, epochs, seconds,
                                  every metric of `trainer.tuning.objective.METRICS`, and why it
                                  failed
      search.json                 objective, what was searched and how, the chosen trial, the noise
                                  of a run, every repeat, the columns in words
      pareto.png, pareto.svg      rate against distortion, with the Pareto front
      strips/trial-NNN.png        samples of the prior of that trial, side by side
      strips.png                  the strips of all trials
    """

    TYPE_NAME = "components.Trials"
