"""The causal model of the procedural faces: the tables of its probabilities, and samples.

A face has traits, each one of a few levels, and measures, which are numbers. TRAITS holds
every probability: a trait depends on the traits named as its parents and on nothing else,
so the true marginals and correlations of the attributes follow exactly. A measure is
uniform in a range that may depend on one trait: `smile` is large where `smiling` is yes.

The traits of a person (`of_person`) are the same in all pictures of an identity; the others
are drawn for each picture. That changes how much samples scatter, not the probabilities.
"""

from __future__ import annotations

import bisect
import dataclasses
import functools
import itertools
from collections.abc import Iterator, Mapping

import numpy as np

PICTURES = (3, 8)  # of an identity, from and to
ANY = "*"

Chances = tuple[float, ...]
Table = Mapping[tuple[str, ...], Chances]


@dataclasses.dataclass(frozen=True)
class Trait:
    """The conditional probabilities of a trait's levels.

    `chances` maps levels of the parents (or ANY) to the probabilities of `levels`; the
    first row that fits counts.
    """

    levels: tuple[str, ...]
    parents: tuple[str, ...]
    chances: Table
    of_person: bool = False


@dataclasses.dataclass(frozen=True)
class Measure:
    """A uniform number; `ranges` by the level of the trait `by`, or one range for ANY."""

    ranges: Mapping[str, tuple[float, float]]
    by: str = ""
    of_person: bool = False


def _by_sex(female: Chances, male: Chances) -> tuple[tuple[str, ...], Table]:
    return ("sex",), {("female",): female, ("male",): male}


def _by_sex_and_age(
    young_female: Chances, old_female: Chances, young_male: Chances, old_male: Chances
) -> tuple[tuple[str, ...], Table]:
    rows = (young_female, old_female, young_male, old_male)
    pairs = itertools.product(("female", "male"), ("young", "old"))
    return ("sex", "age"), dict(zip(pairs, rows, strict=True))


_NO_YES = ("no", "yes")

# fmt: off
TRAITS: dict[str, Trait] = {  # parents come before their children
    "sex": Trait(("female", "male"), (), {(): (0.56, 0.44)}, True),
    "age": Trait(("young", "old"), *_by_sex((0.82, 0.18), (0.64, 0.36)), True),
    "skin": Trait(("toned", "pale"), *_by_sex((0.86, 0.14), (0.93, 0.07)), True),
    "build": Trait(("slim", "chubby"), *_by_sex_and_age(
        (0.93, 0.07), (0.80, 0.20), (0.88, 0.12), (0.70, 0.30)), True),
    "double_chin": Trait(_NO_YES, ("build", "age"), {
        ("slim", ANY): (0.98, 0.02), (ANY, "young"): (0.60, 0.40), (ANY, "old"): (0.30, 0.70),
    }, True),
    "shape": Trait(("oval", "round", "square"), *_by_sex(
        (0.45, 0.40, 0.15), (0.22, 0.28, 0.50)), True),
    "nose": Trait(("plain", "big", "pointy"), *_by_sex(
        (0.55, 0.11, 0.34), (0.46, 0.40, 0.14)), True),
    "lips": Trait(("thin", "big"), *_by_sex((0.66, 0.34), (0.87, 0.13)), True),
    "eyes": Trait(("wide", "narrow"), (), {(): (0.86, 0.14)}, True),
    "brows": Trait(("plain", "bushy", "arched"), *_by_sex(
        (0.50, 0.06, 0.44), (0.65, 0.28, 0.07)), True),
    "hair": Trait(("black", "brown", "blond", "gray", "bald"), *_by_sex_and_age(
        (0.33, 0.41, 0.26, 0.00, 0.00), (0.17, 0.27, 0.22, 0.34, 0.00),
        (0.45, 0.41, 0.10, 0.00, 0.04), (0.20, 0.23, 0.05, 0.34, 0.18)), True),
    "hairline": Trait(("low", "receding"), ("sex", "age", "hair"), {
        (ANY, ANY, "bald"): (1.00, 0.00), ("female", ANY, ANY): (0.99, 0.01),
        ("male", "young", ANY): (0.92, 0.08), ("male", "old", ANY): (0.55, 0.45),
    }, True),
    "length": Trait(("short", "medium", "long"), ("sex", "hair"), {
        (ANY, "bald"): (1.00, 0.00, 0.00),
        ("female", ANY): (0.12, 0.36, 0.52), ("male", ANY): (0.88, 0.09, 0.03)}),
    "texture": Trait(("none", "straight", "wavy"), ("sex", "hair"), {
        (ANY, "bald"): (1.00, 0.00, 0.00),
        ("female", ANY): (0.00, 0.55, 0.45), ("male", ANY): (0.00, 0.78, 0.22)}),
    "hat": Trait(("none", "beanie", "brim"), ("sex", "hair"), {
        (ANY, "bald"): (1.00, 0.00, 0.00),  # never: it would hide what Bald says
        ("female", ANY): (0.93, 0.03, 0.04), ("male", ANY): (0.86, 0.08, 0.06)}),
    "bangs": Trait(_NO_YES, ("sex", "hair", "hairline", "hat"), {
        (ANY, "bald", ANY, ANY): (1.00, 0.00), (ANY, ANY, "receding", ANY): (1.00, 0.00),
        (ANY, ANY, ANY, "beanie"): (1.00, 0.00), (ANY, ANY, ANY, "brim"): (1.00, 0.00),
        ("female", ANY, ANY, "none"): (0.68, 0.32), ("male", ANY, ANY, "none"): (0.86, 0.14)}),
    "beard": Trait(("none", "shadow", "mustache", "goatee", "full"), ("sex", "age"), {
        ("female", ANY): (1.00, 0.00, 0.00, 0.00, 0.00),
        ("male", "young"): (0.53, 0.20, 0.06, 0.11, 0.10),
        ("male", "old"): (0.46, 0.12, 0.16, 0.09, 0.17)}),
    "glasses": Trait(("none", "round", "square"), *_by_sex_and_age(
        (0.93, 0.05, 0.02), (0.76, 0.16, 0.08), (0.86, 0.06, 0.08), (0.62, 0.14, 0.24))),
    "smiling": Trait(_NO_YES, *_by_sex((0.45, 0.55), (0.58, 0.42))),
    "mouth": Trait(("closed", "open"), ("smiling",), {
        ("no",): (0.80, 0.20), ("yes",): (0.28, 0.72)}),
    "lipstick": Trait(_NO_YES, ("sex", "age"), {
        ("male", ANY): (1.00, 0.00),
        ("female", "young"): (0.22, 0.78), ("female", "old"): (0.32, 0.68)}),
    "makeup": Trait(_NO_YES, ("sex", "lipstick"), {
        ("male", ANY): (1.00, 0.00), (ANY, "no"): (0.91, 0.09), (ANY, "yes"): (0.40, 0.60)}),
    "cheeks": Trait(("plain", "rosy"), ("makeup",), {
        ("no",): (0.96, 0.04), ("yes",): (0.70, 0.30)}),
    "bags": Trait(_NO_YES, *_by_sex_and_age(
        (0.93, 0.07), (0.72, 0.28), (0.80, 0.20), (0.48, 0.52))),
    "earrings": Trait(_NO_YES, *_by_sex((0.64, 0.36), (0.96, 0.04))),
    "necktie": Trait(_NO_YES, ("sex", "age"), {
        ("female", ANY): (1.00, 0.00), (ANY, "young"): (0.85, 0.15), (ANY, "old"): (0.68, 0.32)}),
    "necklace": Trait(_NO_YES, ("sex", "necktie"), {  # a collar would hide it
        (ANY, "yes"): (1.00, 0.00), ("female", ANY): (0.76, 0.24), ("male", ANY): (0.98, 0.02)}),
}

_WHOLE = {ANY: (0.0, 1.0)}

MEASURES: dict[str, Measure] = {
    "tone": Measure({"toned": (0.0, 0.85), "pale": (0.96, 1.0)}, "skin", True),  # dark to fair
    "fullness": Measure({"slim": (0.0, 0.3), "chubby": (0.8, 1.0)}, "build", True),
    "jaw": Measure({"oval": (0.0, 0.15), "round": (0.4, 0.6), "square": (0.9, 1.1)}, "shape", True),
    "chin": Measure(
        {"oval": (2.5, 4.0), "round": (-2.0, 0.0), "square": (0.0, 1.5)}, "shape", True),
    "nose_size": Measure(
        {"plain": (0.2, 0.4), "big": (0.85, 1.0), "pointy": (0.0, 0.1)}, "nose", True),
    "lip_size": Measure({"thin": (0.0, 0.25), "big": (0.8, 1.0)}, "lips", True),
    "eye_size": Measure({"wide": (0.7, 1.0), "narrow": (0.1, 0.2)}, "eyes", True),
    "brow_size": Measure(
        {"plain": (0.1, 0.35), "bushy": (0.85, 1.0), "arched": (0.1, 0.3)}, "brows", True),
    "iris": Measure(_WHOLE, of_person=True),  # place in the palette of eye colours
    "hair_shade": Measure({ANY: (-1.0, 1.0)}, of_person=True),  # dark to light
    "smile": Measure({"no": (-0.22, 0.12), "yes": (0.6, 1.0)}, "smiling"),
    "opening": Measure({"closed": (0.0, 0.0), "open": (0.4, 1.0)}, "mouth"),
    "shift": Measure({ANY: (-3.0, 3.0)}),  # pixels to the right
    "yaw": Measure({ANY: (-1.0, 1.0)}),  # the head turned left or right
    "roll": Measure({ANY: (-5.0, 5.0)}),  # degrees
    "backdrop_hue": Measure(_WHOLE),
    "backdrop_light": Measure({ANY: (0.55, 0.95)}),
    "clothes_hue": Measure(_WHOLE),
    "accent_hue": Measure(_WHOLE),  # of hat, tie, jewels, frames and lids
}

ATTRIBUTES: dict[str, tuple[str, tuple[str, ...]]] = {  # name: true where the trait is one of
    "5_o_Clock_Shadow": ("beard", ("shadow",)), "Arched_Eyebrows": ("brows", ("arched",)),
    "Bags_Under_Eyes": ("bags", ("yes",)), "Bald": ("hair", ("bald",)),
    "Bangs": ("bangs", ("yes",)), "Big_Lips": ("lips", ("big",)), "Big_Nose": ("nose", ("big",)),
    "Black_Hair": ("hair", ("black",)), "Blond_Hair": ("hair", ("blond",)),
    "Brown_Hair": ("hair", ("brown",)), "Bushy_Eyebrows": ("brows", ("bushy",)),
    "Chubby": ("build", ("chubby",)), "Double_Chin": ("double_chin", ("yes",)),
    "Eyeglasses": ("glasses", ("round", "square")), "Goatee": ("beard", ("goatee", "full")),
    "Gray_Hair": ("hair", ("gray",)), "Heavy_Makeup": ("makeup", ("yes",)),
    "Male": ("sex", ("male",)), "Mouth_Slightly_Open": ("mouth", ("open",)),
    "Mustache": ("beard", ("mustache", "full")), "Narrow_Eyes": ("eyes", ("narrow",)),
    "No_Beard": ("beard", ("none",)), "Oval_Face": ("shape", ("oval",)),
    "Pale_Skin": ("skin", ("pale",)), "Pointy_Nose": ("nose", ("pointy",)),
    "Receding_Hairline": ("hairline", ("receding",)), "Rosy_Cheeks": ("cheeks", ("rosy",)),
    "Sideburns": ("beard", ("full",)), "Smiling": ("smiling", ("yes",)),
    "Straight_Hair": ("texture", ("straight",)), "Wavy_Hair": ("texture", ("wavy",)),
    "Wearing_Earrings": ("earrings", ("yes",)), "Wearing_Hat": ("hat", ("beanie", "brim")),
    "Wearing_Lipstick": ("lipstick", ("yes",)), "Wearing_Necklace": ("necklace", ("yes",)),
    "Wearing_Necktie": ("necktie", ("yes",)), "Young": ("age", ("young",)),
}
# fmt: on


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
