"""The artifact types of this project's own components, and the files of a data set's splits."""

from __future__ import annotations

import os

from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact


def split_files(examples: Artifact, split: str) -> tuple[str, ...]:
    """Returns the paths of a split's shards, sorted."""
    directory = artifact_utils.get_split_uri([examples], split)
    return tuple(sorted(fileio.glob(os.path.join(directory, "*.gz"))))


class Evaluation(Artifact):
    """How good a model is on held-out images.

    Layout of the payload:
      metrics.json       what `components.latent_evaluator` measured, for the candidate, for
                         a constant mean image and for the blessed model before it
      blessing.json      {"blessed": bool, "reasons": [sentences], ...}
      contact_sheet.png  real images over their reconstructions, and samples of the prior

    metrics.json (docs/evaluation.md says what each number means). At the top: `split`, `seed`,
    `extractor` {hash, kind, ...} (null where there is none), `candidate`, `baseline` (null
    where nothing is compared). Of each model, null where a number is not defined:
      count, latent_dim, active_units, labels {name: {...}}, mean_image {...}
      reconstruction_loss, kl_loss, elbo, bits_per_dim, mse, psnr, unexplained, ssim
      iw_log_likelihood, iw_gain (above the ELBO of the same images), iw_samples
      kl_per_dimension             [d] nats
      latent_normality             {ks_statistic [d], mean [d], std [d],
                                   histogram {edges [bins + 1], counts [d][bins]}}
      sliced_wasserstein, sliced_wasserstein_reconstruction
      cfid_samples, cfid_reconstructions, precision, recall
      nearest_train                {memorised, memorised_held_out, median_distance,
                                   median_distance_held_out, samples, train_images}
      classes                      {name: {real, sampled}} shares by the extractor's eye
      label_fidelity               {accuracy, accuracy_real, by_name {...}}
      condition_probe              {score, chance, measure}
      disentanglement              {mig, sap, dci {disentanglement, completeness,
                                   informativeness}, factors [names]}
    A number `x` may have its 95 % bootstrap interval beside it, `x_interval` [low, high].
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
    """A small network trained on the same data, by whose eye distances are measured.

    Layout of the payload:
      saved_model/    signature `features`: image uint8 [n, h, w, c] -> features float32
                      [n, 64], and scores float32 [n, names] where it classifies
      extractor.json  {hash, kind, names, ...}; the hash is over the weights
    """

    TYPE_NAME = "components.Extractor"


class Drift(Artifact):
    """How far the newest span of the data has moved from the last blessed one.

    Layout of the payload, drift.json: {span, reference (both by name; null where nothing
    is compared), note (why not, or what of it not), images [of the reference, of the span],
    measures [{name, distance, noise, allowed, words, passed}], histograms {statistic: {edges
    [bins + 1], reference [bins], span [bins]}}}; docs/retraining.md says what they mean.
    """

    TYPE_NAME = "components.Drift"


class Trials(Artifact):
    """What a search for hyper-parameters tried, and what came out.

    Layout of the payload:
      trials.parquet, trials.csv  a row for each trial, the best first: number, rank, state,
                                  score, every hyper-parameter, epochs, seconds, every metric of
                                  `trainer.tuning.objective.METRICS`, and why it failed
      search.json                 objective, what was searched and how, the columns in words
      pareto.png, pareto.svg      rate against distortion, with the Pareto front
      strips/trial-NNN.png        samples of the prior of that trial, side by side
      strips.png                  the same of all trials
    """

    TYPE_NAME = "components.Trials"
