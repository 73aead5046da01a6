"""What a generation verb works with: a decoder and, of a finished run, its model and images."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data_prep.config_base import require
from data_prep.errors import InputError
from pipeline.generate.finished_run import VECTORS_TABLE, FinishedRun, describe
from pipeline.generate.trained_models import Examples, read_examples
from trainer.export.loaded import Model
from trainer.figures import latent_walks

SPLITS = ("test", "eval", "train")


class ModelSession:
    """A decoder and, of a finished run, its full model and images."""

    def __init__(self, found: FinishedRun, seed: int) -> None:
        self.seed = seed
        self.decoder = _model(found.decoder)
        self._found = found

    @functools.cached_property
    def full(self) -> Model | None:
        return _model(self._found.full) if self._found.full else None

    @functools.cached_property
    def examples(self) -> Examples | None:
        return _examples(self._found.examples) if self._found.examples else None

    def choose(self, count: int, labels: Sequence[str] = ()) -> list[int]:
        """Positions of `count` examples drawn by the seed, labels taking turns."""
        assert self.examples is not None
        _known(labels, self.examples.names, "--labels")
        order = np.random.default_rng(self.seed).permutation(len(self.examples.keys))
        found = [self.examples.labels[i] for i in order]
        allowed = [n for n, label in enumerate(found) if not labels or label in labels]
        if len(allowed) < count:
            raise InputError(
                f"--count: asks for {count} images, allowed: the {len(allowed)} there are"
            )
        picked = latent_walks.round_robin([found[n] for n in allowed], count)
        return [int(order[allowed[n]]) for n in picked]

    def encode(self, positions: Sequence[int]) -> tuple[np.ndarray, np.ndarray | None]:
        """z_mean and conditions of these examples."""
        assert self.examples is not None and self.full is not None
        conditions = self._told()
        own = None if conditions is None else conditions[list(positions)]
        return self.full.encode(self.examples.images[list(positions)], own)[0], own

    @functools.cached_property
    def codes(self) -> tuple[np.ndarray, np.ndarray | None]:
        """z_mean and z_log_var (None where codes have no spread) of every example."""
        assert self.examples is not None and self.full is not None
        return self.full.encode(self.examples.images, self._told())

    def _told(self) -> np.ndarray | None:
        """What the model is told about every example."""
        assert self.examples is not None
        return self.decoder.conditions_of(self.examples.labels, self.examples.attributes)

    @functools.cached_property
    def prior(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation [latent_dim] that codes are drawn with: 0 and 1, or
        those of the images' codes where the model has no prior."""
        if self.decoder.has_prior:
            return np.zeros(self.decoder.latent_dim), np.ones(self.decoder.latent_dim)
        if self.examples is None:
            raise InputError("--decoder: an autoencoder has no prior, allowed: --run")
        return self.codes[0].mean(axis=0), self.codes[0].std(axis=0)

    @functools.cached_property
    def steps(self) -> dict[str, np.ndarray]:
        """A step of strength 1 along each attribute, float32 [latent_dim]."""
        if self._found.vectors is not None:
            # with them comes TFX, which no other verb waits for
            from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
            from components.latent_evaluator.vectors.edits import directions

            vectors = AttributeVectors.load(str(self._found.vectors))
            return directions(vectors, describe(self._found.decoder))
        table = json.loads(
            (self._found.decoder / "assets" / VECTORS_TABLE).read_text(encoding="utf-8")
        )
        return dict(zip(table["names"], np.asarray(table["steps"], np.float32), strict=True))

    def draw(self, count: int) -> np.ndarray:
        mean, deviation = self.prior
        return mean + deviation * latent_walks.draw_codes(count, len(mean), self.seed)


def _model(directory: Path) -> Model:
    return Model(str(directory), describe(directory))


def _examples(directory: Path) -> Examples:
    """Of the first split that has any, held-out ones first."""
    for split in SPLITS:
        examples = read_examples(directory, split)
        if examples.keys:
            return examples
    raise InputError(f"--run: no images in {directory}")


def _known(names: Sequence[str], known: Sequence[str], option: str) -> None:
    for name in names:
        require(name in known, option, name, ", ".join(known) or "nothing: the data has no labels")
