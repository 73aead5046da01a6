"""The models and images that a generation verb draws with."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Sequence

import numpy as np

from data_prep.config_base import require
from data_prep.errors import InputError
from data_prep.features import SPLITS
from data_prep.layout import shard_glob
from data_prep.manifest import read_manifest
from pipeline.generate.finished_run import VECTORS_TABLE, FinishedRun
from trainer.data.records import Records, concatenate, read_records
from trainer.export.loaded import LoadedDecoder, LoadedModel, encode_condition
from trainer.figures import latent_walks

MOST_EXAMPLES = 2000


class ModelSession:
    """A decoder and, of a finished run, its full model and up to `MOST_EXAMPLES` images."""

    def __init__(self, run: FinishedRun, seed: int) -> None:
        self.seed = seed
        self.decoder = LoadedDecoder(str(run.decoder))
        self._run = run

    @functools.cached_property
    def full(self) -> LoadedModel | None:
        return LoadedModel(str(self._run.full)) if self._run.full else None

    @functools.cached_property
    def examples(self) -> Records | None:
        """The first images of the first split that has any, held-out splits first."""
        if self._run.examples is None:
            return None
        shape = read_manifest(str(self._run.examples)).image.shape
        for split in reversed(SPLITS):
            files = sorted(map(str, self._run.examples.glob(shard_glob(split))))
            records = concatenate(read_records(files, shape, limit=MOST_EXAMPLES))
            if records is not None:
                return records
        raise InputError(f"--run: no images in {self._run.examples}")

    def choose(self, count: int, labels: Sequence[str] = ()) -> list[int]:
        """Returns the positions of `count` examples drawn by the seed, labels taking turns.

        Raises:
          InputError: where the data has fewer such images, or no such label.
        """
        assert self.examples is not None and self._run.examples is not None
        known = read_manifest(str(self._run.examples)).labels
        for name in labels:
            allowed = ", ".join(known) or "nothing: the data has no labels"
            require(name in known, "--labels", name, allowed)
        order = np.random.default_rng(self.seed).permutation(len(self.examples.keys)).tolist()
        order = [i for i in order if not labels or self.examples.labels[i] in labels]
        if len(order) < count:
            raise InputError(
                f"--count: asks for {count} images, allowed: the {len(order)} there are"
            )
        turns = latent_walks.round_robin([self.examples.labels[i] for i in order], count)
        return [order[turn] for turn in turns]

    def encode(self, positions: Sequence[int]) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns z_mean and the conditions of these examples; no conditions where the model
        takes none."""
        assert self.examples is not None and self.full is not None
        records = self.examples.rows(positions)
        condition = encode_condition(self.decoder.metadata, records.labels, records.attributes)
        return self.full.encode(records)[0], condition

    @functools.cached_property
    def codes(self) -> tuple[np.ndarray, np.ndarray | None]:
        """z_mean and z_log_var (None where codes have no posterior) of every example."""
        assert self.examples is not None and self.full is not None
        return self.full.encode(self.examples)

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
        if self._run.vectors is not None:
            # with them comes TFX, which no other verb waits for
            from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
            from components.latent_evaluator.vectors.edits import directions

            vectors = AttributeVectors.load(str(self._run.vectors))
            return directions(vectors, self.decoder.metadata)
        path = os.path.join(self._run.decoder, "assets", VECTORS_TABLE)
        with open(path, encoding="utf-8") as file:
            table = json.load(file)
        return dict(zip(table["names"], np.asarray(table["steps"], np.float32), strict=True))

    def draw(self, count: int) -> np.ndarray:
        """Returns codes drawn from the prior by the seed, [count, latent_dim]."""
        mean, deviation = self.prior
        return mean + deviation * latent_walks.draw_codes(count, len(mean), self.seed)
