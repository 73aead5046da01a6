"""The causal model of the procedural faces: samples from it, and its exact probabilities."""

from __future__ import annotations

import bisect
import dataclasses
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.synthetic.face_traits import ANY, ATTRIBUTES, MEASURES, TRAITS

PICTURES = (3, 8)  # of an identity, from and to

Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Face:
    """One face: the level of each of TRAITS, the value of each of MEASURES."""

    traits: Mapping[str, str]
    measures: Mapping[str, float]

    def attributes(self) -> dict[str, bool]:
        """Whether each of ATTRIBUTES holds."""
        return {name: self.traits[trait] in levels for name, (trait, levels) in ATTRIBUTES.items()}


def sample_faces(count: int, seed: int) -> Iterator[tuple[int, Face]]:
    """Yields `count` times (identity from 1, face); an identity's faces follow each other.

    Each identity has a random stream of its own, keyed by (seed, identity), so the first
    faces are the same whatever the count.
    """
    faces = ((k, face) for k in itertools.count(1) for face in _sample_identity(seed, k))
    return itertools.islice(faces, count)


def true_marginals() -> dict[str, float]:
    """The exact probability of each of ATTRIBUTES."""
    chances = {}
    for name, (trait, levels) in ATTRIBUTES.items():
        chances[name] = float(_holds(trait, levels) @ _joint((trait,)))
    return chances


def true_correlations() -> Array:
    """The exact correlation of each pair of ATTRIBUTES, float64 [k, k], in their order."""
    pairs = itertools.combinations_with_replacement(ATTRIBUTES.values(), 2)
    k = len(ATTRIBUTES)
    both = np.zeros((k, k))
    both[np.triu_indices(k)] = [_both(*one, *other) for one, other in pairs]
    both = np.triu(both) + np.triu(both, 1).T
    chances = np.diag(both)
    deviations = np.sqrt(chances * (1 - chances))
    return (both - np.outer(chances, chances)) / np.outer(deviations, deviations)


def _sample_identity(seed: int, identity: int) -> Iterator[Face]:
    rng = np.random.default_rng([seed, identity])
    person = _sample(rng, Face({}, {}), of_person=True)
    for _ in range(rng.integers(*PICTURES, endpoint=True)):
        yield _sample(rng, person, of_person=False)


def _sample(rng: np.random.Generator, known: Face, of_person: bool) -> Face:
    """The known face, with the traits and measures of the person, or of the picture, added."""
    traits, measures = dict(known.traits), dict(known.measures)
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
def _chances(name: str, parents: tuple[str, ...]) -> tuple[float, ...]:
    """The probabilities of a trait's levels, from the first row that fits its parents' levels."""
    for row, chances in TRAITS[name].chances.items():
        if all(want in (ANY, level) for want, level in zip(row, parents, strict=True)):
            return chances
    raise KeyError(f"{name}: no row for {parents}")


@functools.cache
def _bounds(name: str, parents: tuple[str, ...]) -> tuple[float, ...]:
    """Where in [0, 1] one level of a trait ends and the next begins."""
    return tuple(itertools.accumulate(_chances(name, parents)))[:-1]


def _holds(trait: str, levels: Iterable[str]) -> Array:
    """1 for each level of the trait that is one of `levels`, float64."""
    return np.isin(TRAITS[trait].levels, list(levels)).astype(np.float64)


def _both(one: str, levels: Iterable[str], other: str, other_levels: Iterable[str]) -> float:
    """The probability that each of two traits is at one of the given levels."""
    if one == other:
        return float(_holds(one, set(levels) & set(other_levels)) @ _joint((one,)))
    return float(_holds(one, levels) @ _joint((one, other)) @ _holds(other, other_levels))


@functools.cache
def _joint(names: tuple[str, ...]) -> Array:
    """The joint probabilities of some traits: an axis for each, over its levels.

    The product of the tables of all their ancestors, summed over what is not asked for.
    """
    ancestors = set(names)
    for name in reversed(TRAITS):  # children before parents
        if name in ancestors:
            ancestors.update(TRAITS[name].parents)
    axes = {name: axis for axis, name in enumerate(TRAITS)}
    operands: list[Any] = []
    for name in sorted(ancestors):
        operands += [_table(name), [axes[one] for one in (*TRAITS[name].parents, name)]]
    return np.einsum(*operands, [axes[name] for name in names], optimize="greedy")


@functools.cache
def _table(name: str) -> Array:
    """A trait's conditional probabilities: an axis for each parent, the last for the levels."""
    parents = [TRAITS[parent].levels for parent in TRAITS[name].parents]
    rows = [_chances(name, levels) for levels in itertools.product(*parents)]
    return np.reshape(rows, (*map(len, parents), len(TRAITS[name].levels)))
