"""The scores of images under a model, with noise that depends on nothing but seed and image."""

from __future__ import annotations

import numpy as np

from trainer.data.records import BATCH, Records, noise_for
from trainer.export.loaded import LoadedModel, ScoredBatch


def score(model: LoadedModel, records: Records, seed: int) -> ScoredBatch:
    """Scores n images, each with latent noise that is a function of the seed and its key."""
    noise = np.stack([noise_for(key, seed, model.latent_dim) for key in records.keys])
    return model.score(records, noise)


def costs(model: LoadedModel, records: Records, seed: int) -> np.ndarray:
    """Returns what each image costs, float64 [n] in nats: the negative ELBO, or the reconstruction
    loss of a model without a posterior."""
    found = []
    for start in range(0, len(records.keys), BATCH):
        batch = score(model, records.rows(slice(start, start + BATCH)), seed)
        loss = batch.reconstruction_loss.astype(np.float64)
        found.append(loss if batch.kl_loss is None else loss + batch.kl_loss)
    return np.concatenate(found)
