"""The figures of the generation verbs, of a finished run or of a decoder alone."""

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
from pipeline.generate.finished_run import FinishedRun
from trainer.data.records import Records, concatenate, read_records
from trainer.export.loaded import LoadedDecoder, LoadedModel, encode_condition
from trainer.export.metadata import VECTORS_FILE
from trainer.figures import compose, latent_walks
from trainer.figures.compose import Figure, Starts

MOST_EXAMPLES = 2000


class ModelSession:
    """A decoder and, of a finished run, its full model and up to `MOST_EXAMPLES` images.

    A method for each verb composes its figure; it serves `trainer.figures.compose` as the view
    of the model.
    """

    def __init__(self, run: FinishedRun, seed: int) -> None:
        """Loads the decoder. seed: of the codes and images that are drawn."""
        self.seed = seed
        self.decoder = LoadedDecoder(str(run.decoder))
        self.conditions, self.by_label = self.decoder.conditions, self.decoder.by_label
        self.decode = self.decoder.decode
        self._run = run

    def sample(self, count: int, condition: np.ndarray | None = None) -> np.ndarray:
        return self.decoder.sample(count, self.seed, condition, batch_size=count)

    def samples(self, count: int, labels: Sequence[str]) -> Figure:
        """Composes new images, the same codes under each of the labels."""
        return compose.samples(self, count, compose.each_condition(self, labels))

    def reconstructions(self, count: int, labels: Sequence[str]) -> Figure:
        """Composes real images over their reconstructions."""
        return compose.reconstructions(self, self._encode(self._choose(count, labels)))

    def morphs(
        self, count: int, steps: int, ends: tuple[str, str] | None, labels: Sequence[str]
    ) -> Figure:
        """Composes morphs between pairs of images: the two with these keys, or chosen ones."""
        if self.examples is None:
            starts = self._draw(2 * count)
        elif ends is None:
            starts = self._encode(self._choose(2 * count, labels))
        else:
            keys = [key.decode() for key in self.examples.keys]
            for option, key in zip(("--from", "--to"), ends, strict=True):
                require(key in keys, option, key, f"a key of the split, such as {keys[0]}")
            starts = self._encode([keys.index(key) for key in ends])
        return compose.morphs(self, starts, steps)

    def styles(self, count: int, labels: Sequence[str]) -> Figure:
        """Composes prototypes under each of the labels."""
        if self.examples is None:
            return compose.styles(self, Starts(self._codes(count)), labels)
        return compose.styles(self, self._encode(self._choose(count)), labels)

    def mixes(self, count: int, labels: Sequence[str], weights: Sequence[float]) -> Figure:
        """Composes mixes of labels; of four without weights the grid between them."""
        zero = self.prior[0]
        if len(labels) == 4 and not weights:
            return compose.label_grid(self, zero, labels, count)
        codes = np.concatenate([zero[None], self._codes(count)[1:]])
        return compose.mixes(self, codes, labels, weights or [1 / len(labels)] * len(labels))

    def traversals(self, count: int) -> Figure:
        """Composes up to `count` latent dimensions: by falling KL around a real image where
        there is a full model, in their own order around the prior's mean otherwise."""
        count = min(count, self.decoder.latent_dim)
        if self.examples is None:
            condition = compose.each_condition(self)[0][1]
            start = Starts(self.prior[0][None], None if condition is None else condition[None])
            return compose.traversals(self, start, self.prior, dict.fromkeys(range(count), ""))
        z_mean, z_log_var = self.codes
        if z_log_var is None:
            sizes, words = z_mean.var(axis=0), "variance {:.2g}"
        else:
            sizes, words = latent_walks.kl_by_dimension(z_mean, z_log_var), "KL {:.2f} nats"
        dimensions = latent_walks.argsort_descending(sizes)[:count]
        notes = {dimension: words.format(sizes[dimension]) for dimension in dimensions}
        return compose.traversals(self, self._encode(self._choose(1)), self.prior, notes)

    def edits(self, count: int, attributes: Sequence[str]) -> Figure:
        """Composes images moved along the vector of each attribute, a group for each."""
        for name in attributes:
            require(name in self.steps, "--attributes", name, ", ".join(self.steps))
        drawn = self.examples is None
        starts = self._draw(count) if drawn else self._encode(self._choose(count))
        figures = [compose.edits(self, starts, name, self.steps[name]) for name in attributes]
        return compose.stack(figures, "along the attribute vectors")

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

    def _choose(self, count: int, labels: Sequence[str] = ()) -> list[int]:
        """Returns the positions of `count` examples drawn by the seed, labels taking turns;
        InputError where the data has fewer such images, or no such label."""
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

    def _encode(self, positions: Sequence[int]) -> Starts:
        """Returns the codes of these examples, with their conditions and images."""
        assert self.examples is not None and self.full is not None
        records = self.examples.rows(positions)
        conditions = encode_condition(self.decoder.metadata, records.labels, records.attributes)
        return Starts(self.full.encode(records)[0], conditions, records.images)

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
        path = os.path.join(self._run.decoder, "assets", VECTORS_FILE)
        with open(path, encoding="utf-8") as file:
            table = json.load(file)
        return dict(zip(table["names"], np.asarray(table["steps"], np.float32), strict=True))

    def _codes(self, count: int) -> np.ndarray:
        """Returns codes drawn from the prior, [count, latent_dim]."""
        mean, deviation = self.prior
        return mean + deviation * latent_walks.draw_codes(count, len(mean), self.seed)

    def _draw(self, count: int) -> Starts:
        """Returns codes drawn from the prior, the conditions taking turns."""
        if not self.conditions:
            return Starts(self._codes(count))
        one_hot = np.eye(len(self.conditions), dtype=np.float32)
        return Starts(self._codes(count), one_hot[np.arange(count) % len(one_hot)])
