"""The course chapter's running table for chosen attributes, beside our vectors."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
from tfx.utils import io_utils

from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.passes.beam import LatentMoments
from components.latent_evaluator.vectors.running_table import as_text, running_table
from trainer.data.records import membership, noise_for, read_records
from trainer.export.loaded import LoadedModel

FILE = "source_table.txt"
BATCH = 128  # images, as in the chapter


def sampled_codes(
    model: LoadedModel, images: LatentMoments, name: str, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(z sampled from the posterior [n, d], whether each image has the attribute, bool [n]).

    One pass over the images of the split, encoded for this attribute alone.
    """
    column = (*images.attributes, *images.labels).index(name)
    for records in read_records(images.files, images.image.as_tuple, batch=BATCH):
        z_mean, z_log_var = model.encode(records)
        if z_log_var is not None:
            noise = np.stack([noise_for(key, seed, model.latent_dim) for key in records.keys])
            z_mean = z_mean + np.exp(z_log_var / 2) * noise
        yield z_mean, membership(records, images.attributes, images.labels)[:, column]


def write_source_tables(
    directory: str, model_dir: str, images: LatentMoments, config: EvaluationConfig
) -> None:
    """Writes FILE with a table for each of `config.source_table`; nothing where it is empty."""
    if not config.source_table:
        return
    model = LoadedModel(model_dir)
    texts = []
    for name in config.source_table:
        steps, _ = running_table(sampled_codes(model, images, name, config.seed))
        texts.append(as_text(name, steps))
    io_utils.write_string_file(os.path.join(directory, FILE), "\n".join(texts))
