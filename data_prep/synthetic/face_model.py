"""The causal model of the procedural faces, and samples from it."""

from __future__ import annotations

import bisect
import dataclasses
import functools
import itertools
from collections.abc import Iterator, Mapping

import numpy as np

from data_prep.synthetic.face_traits import ANY, ATTRIBUTES, MEASURES, TRAITS

PICTURES = (3, 8)  # of an identity, from and to


@dataclasses.dataclass(frozen=True)
class Face:
    """A face: the level of each of TRAITS, the value of each of MEASURES."""

    traits: Mapping[str, str]
    measures: Mapping[str, float]

    def attributes(self) -> dict[str, bool]:
        """Returns the truth of each of ATTRIBUTES."""
        return {name: self.traits[trait] in levels for name, (trait, levels) in ATTRIBUTES.items()}


def sample_faces(count: int, seed: int) -> Iterator[tuple[int, Face]]:
    """Yields `count` times (identity from 1, face); an identity's faces follow each other.

    Each identity has a random stream of its own, keyed by (seed, identity), so the first
    faces are the same whatever the count.
    """
    faces = ((k, face) for k in itertools.count(1) for face in _sample_identity(seed, k))
    return itertools.islice(faces, count)


def _sample_identity(seed: int, identity: int) -> Iterator[Face]:
    rng = np.random.default_rng([seed, identity])
    person = _sample(rng, Face({}, {}), of_person=True)
    for _ in range(rng.integers(*PICTURES, endpoint=True)):
        yield _sample(rng, person, of_person=False)


def _sample(rng: np.random.Generator, face: Face, of_person: bool) -> Face:
    """Adds the traits and measures of the person, or of the picture, to a face."""
    traits, measures = dict(face.traits), dict(face.measures)
    uniform = iter(rng.random(len(TRAITS) + len(MEASURES)).tolist())
    for name, trait in TRAITS.items():
        if trait.of_person == of_person:
            bounds = _bounds(name, tuple(traits[parent] for parent in trait.parents))
            traits[name] = trait.levels[bisect.bisect_right(bounds, next(uniform))]
    for name, measure in MEASURES.items():
        if measure.of_person == of_person:
            low, high = measure.ranges[traits[measure.by] if measure.by else ANY]
            measures[name] = round(low + (high - low) * next(uniform), 4)  # as FACTORS_FILE has it
    return Face(traits, measures)


@functools.cache
def probabilities(name: str, parents: tuple[str, ...]) -> tuple[float, ...]:
    """Returns the probabilities of a trait's levels: the first row that fits its parents'."""
    for row, chances in TRAITS[name].chances.items():
        if all(want in (ANY, level) for want, level in zip(row, parents, strict=True)):
            return chances
    raise KeyError(f"{name}: no row for {parents}")


@functools.cache
def _bounds(name: str, parents: tuple[str, ...]) -> tuple[float, ...]:
    """Returns the places in [0, 1] at which one level of a trait ends and the next begins."""
    return tuple(itertools.accumulate(probabilities(name, parents)))[:-1]
