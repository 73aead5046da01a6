"""The running estimate of an attribute vector as the course chapter makes it, for comparison.

It differs from the evaluator's in three ways: it takes sampled z instead of z_mean, it stops as
soon as both class means move little, and it measures the length of what it has then, which is too
long by what sampling adds (docs/evaluation.md). One pass over the images for each attribute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from components.latent_evaluator.passes.beam import LatentMoments
from trainer.data.records import membership, noise_for, read_records
from trainer.export.loaded import LoadedModel

STOP = 0.08
BATCH = 128  # images, as in the chapter


class Step(NamedTuple):
    """A row of the chapter's table, after one more batch.

    images: with the attribute, so far.
    positive_move, negative_move: how far this batch moved the mean with, and without it.
    distance: between both means; change: since the last row.
    """

    images: int
    positive_move: float
    negative_move: float
    distance: float
    change: float


def running_table(
    batches: Iterable[tuple[np.ndarray, np.ndarray]], stop: float = STOP
) -> tuple[list[Step], np.ndarray]:
    """Adds batches until a batch moves both means by less than `stop` in all.

    Args:
      batches: (z [n, d], positive bool [n]).
      stop: see above.

    Returns:
      The table, and the difference of the means where it stopped, scaled to length 1,
      float64 [d].

    Raises:
      ValueError: where there are no batches.
    """
    steps: list[Step] = []
    sums, counts = np.zeros((2, 1)), np.zeros(2)
    means = np.zeros((2, 1))
    distance = 0.0
    vector = np.zeros(1)
    for z, positive in batches:
        moves = np.zeros(2)
        new = means + np.zeros(z.shape[1])
        sums = sums + np.zeros(z.shape[1])
        for side, chosen in enumerate((z[positive], z[~positive])):
            if len(chosen):
                sums[side] += chosen.sum(axis=0, dtype=np.float64)
                counts[side] += len(chosen)
                new[side] = sums[side] / counts[side]
            moves[side] = np.linalg.norm(new[side] - means[side])
        before, means = distance, new
        vector = means[0] - means[1]
        distance = float(np.linalg.norm(vector))
        positive_move, negative_move = moves.tolist()
        steps.append(
            Step(int(counts[0]), positive_move, negative_move, distance, distance - before)
        )
        if moves.sum() < stop:
            break
    if not steps:
        raise ValueError("no images")
    return steps, vector / (distance or 1.0)


def as_text(name: str, steps: list[Step]) -> str:
    """Returns the table as the chapter prints it."""
    lines = [f"label: {name}", "images\tPOS move\tNEG move\tdistance\tΔ distance"]
    lines += ["\t".join(str(round(value, 3)) for value in step) for step in steps]
    return "\n".join(lines) + "\n"


def sampled_codes(
    model: LoadedModel, images: LatentMoments, name: str, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Encodes the images of the split for one attribute alone.

    Yields:
      z sampled from the posterior, [n, d], and whether each image has the attribute, bool [n].
    """
    column = (*images.attributes, *images.labels).index(name)
    for records in read_records(images.files, images.image.as_tuple, batch=BATCH):
        z_mean, z_log_var = model.encode(records)
        if z_log_var is not None:
            noise = np.stack([noise_for(key, seed, model.latent_dim) for key in records.keys])
            z_mean = z_mean + np.exp(z_log_var / 2) * noise
        yield z_mean, membership(records, images.attributes, images.labels)[:, column]
