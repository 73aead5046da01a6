from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from data_prep.errors import InputError
from data_prep.features import CELEBA_ATTRIBUTES
from data_prep.synthetic import faces
from data_prep.synthetic.face_drawing import EYE_LEVEL, HEIGHT, WIDTH, draw_face
from data_prep.synthetic.face_model import (
    ANY,
    ATTRIBUTES,
    MEASURES,
    PICTURES,
    TRAITS,
    Face,
    probabilities,
    sample_faces,
)
from data_prep.synthetic.faces import read_factors, write_faces

COUNT = 120


def true_marginals() -> dict[str, float]:
    """Returns the exact probability of each of ATTRIBUTES."""
    return {
        name: float(_indicator(trait, levels) @ _joint((trait,)))
        for name, (trait, levels) in ATTRIBUTES.items()
    }


def true_correlations() -> np.ndarray:
    """Returns the exact correlation of each pair of ATTRIBUTES, float64 [k, k], in their order."""
    pairs = itertools.combinations_with_replacement(ATTRIBUTES.values(), 2)
    k = len(ATTRIBUTES)
    both = np.zeros((k, k))
    both[np.triu_indices(k)] = [_both(*one, *other) for one, other in pairs]
    both = np.triu(both) + np.triu(both, 1).T
    chances = np.diag(both)
    deviations = np.sqrt(chances * (1 - chances))
    return (both - np.outer(chances, chances)) / np.outer(deviations, deviations)


def _indicator(trait: str, levels: Iterable[str]) -> np.ndarray:
    """Returns 1 for each level of the trait that is one of `levels`, float64."""
    return np.isin(TRAITS[trait].levels, list(levels)).astype(np.float64)


def _both(one: str, levels: Iterable[str], other: str, other_levels: Iterable[str]) -> float:
    """Returns the probability that each of two traits is at one of some levels."""
    if one == other:
        return float(_indicator(one, set(levels) & set(other_levels)) @ _joint((one,)))
    return float(_indicator(one, levels) @ _joint((one, other)) @ _indicator(other, other_levels))


@functools.cache
def _joint(names: tuple[str, ...]) -> np.ndarray:
    """Returns the joint probabilities of some traits: an axis for each, over its levels.

    The product of the tables of all their ancestors, summed over the traits not asked for.
    """
    ancestors = set(names)
    for name in reversed(TRAITS):  # children before parents
        if name in ancestors:
            ancestors.update(TRAITS[name].parents)
    axes = {name: axis for axis, name in enumerate(TRAITS)}
    operands = []
    for name in sorted(ancestors):
        operands += [_table(name), [axes[one] for one in (*TRAITS[name].parents, name)]]
    return np.einsum(*operands, [axes[name] for name in names], optimize="greedy")


@functools.cache
def _table(name: str) -> np.ndarray:
    """Returns a trait's conditional probabilities: an axis for each parent, the last the levels."""
    parents = [TRAITS[parent].levels for parent in TRAITS[name].parents]
    rows = [probabilities(name, levels) for levels in itertools.product(*parents)]
    return np.reshape(rows, (*map(len, parents), len(TRAITS[name].levels)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("faces") / "set"
    assert write_faces(str(folder), count=COUNT, seed=4) == str(folder / "img_align_celeba")
    return folder


@pytest.fixture(scope="module")
def sample() -> tuple[np.ndarray, np.ndarray]:
    """Attributes of many faces, float64 [n, k] of 0 and 1, and their identities."""
    drawn = list(sample_faces(30_000, seed=1))
    return (
        np.array([list(face.attributes().values()) for _, face in drawn], np.float64),
        np.array([identity for identity, _ in drawn]),
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read_rows(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()]


def face_of(**levels: str) -> Face:
    """A plain face with the given traits; each measure in the middle of its range."""
    traits = {name: trait.levels[0] for name, trait in TRAITS.items()}
    traits |= {"hair": "brown", "texture": "straight", "brows": "plain"} | levels
    middle = {
        name: sum(measure.ranges[traits[measure.by] if measure.by else ANY]) / 2
        for name, measure in MEASURES.items()
    }
    return Face(traits, middle)


def test_files_are_those_of_celeba(folder):
    names = {f"img_align_celeba/{number:06d}.jpg" for number in range(1, COUNT + 1)}
    lists = {"list_attr_celeba.txt", "identity_CelebA.txt", "list_eval_partition.txt"}
    assert set(contents(folder)) == names | lists | {"factors.csv"}
    for name in names:
        image = cv2.imread(str(folder / name), cv2.IMREAD_COLOR)
        assert image.shape == (218, 178, 3)
    assert (folder / "img_align_celeba/000001.jpg").read_bytes()[:3] == b"\xff\xd8\xff"


def test_attribute_list_is_in_the_official_format(folder):
    lines = (folder / "list_attr_celeba.txt").read_text().split("\n")
    assert lines[0] == str(COUNT)
    assert lines[1] == " ".join(CELEBA_ATTRIBUTES) + " "
    assert lines[-1] == "" and len(lines) == COUNT + 3
    factors = read_factors(str(folder))
    columns = {name: k for k, name in enumerate(CELEBA_ATTRIBUTES)}
    for number, line in enumerate(lines[2:-1]):
        assert line[:11] == f"{number + 1:06d}.jpg " and len(line) == 10 + 3 * 40
        values = line.split()[1:]
        assert set(values) <= {"1", "-1"}
        row = {name: column[number] for name, column in factors.items()}
        # read off the factors by hand, not through the table
        expected = {
            "Male": row["sex"] == "male",
            "Young": row["age"] == "young",
            "Black_Hair": row["hair"] == "black",
            "Bald": row["hair"] == "bald",
            "No_Beard": row["beard"] == "none",
            "Mustache": row["beard"] in ("mustache", "full"),
            "Eyeglasses": row["glasses"] != "none",
            "Smiling": row["smile"] > 0.5,
            "Mouth_Slightly_Open": row["opening"] > 0,
            "Wearing_Hat": row["hat"] != "none",
            "Attractive": False,
            "Blurry": False,
            "High_Cheekbones": False,
        }
        for name, holds in expected.items():
            assert values[columns[name]] == ("1" if holds else "-1"), (number, name)


def test_names_are_those_of_the_official_list(real_data):
    with open(real_data / "celeba" / "list_attr_celeba.txt") as official:
        official.readline()
        assert tuple(official.readline().split()) == CELEBA_ATTRIBUTES


def test_every_attribute_but_three_is_expressed():
    unexpressed = {"Attractive", "Blurry", "High_Cheekbones"}
    assert set(CELEBA_ATTRIBUTES) - set(ATTRIBUTES) == unexpressed
    assert set(ATTRIBUTES) <= set(CELEBA_ATTRIBUTES) and len(CELEBA_ATTRIBUTES) == 40


def test_no_identity_is_in_two_partitions(folder):
    identities = dict(read_rows(folder / "identity_CelebA.txt"))
    partitions = dict(read_rows(folder / "list_eval_partition.txt"))
    assert list(identities) == list(partitions) == [f"{n:06d}.jpg" for n in range(1, COUNT + 1)]
    seen: dict[str, set[str]] = {"0": set(), "1": set(), "2": set()}
    for name, part in partitions.items():
        seen[part].add(identities[name])
    assert not (seen["0"] & seen["1"] or seen["0"] & seen["2"] or seen["1"] & seen["2"])
    people = len(set(identities.values()))
    assert len(seen["1"]) == (people + 2) // 10 and len(seen["2"]) == (people + 1) // 10 > 0


def test_an_identity_keeps_what_belongs_to_a_person(folder):
    factors = read_factors(str(folder))
    person = [name for name, one in (TRAITS | MEASURES).items() if one.of_person]
    assert {"sex", "skin", "hair", "shape", "nose", "tone"} <= set(person)
    sizes = []
    for identity in np.unique(factors["identity"]):
        rows = factors["identity"] == identity
        sizes.append(rows.sum())
        assert all(len(set(factors[name][rows])) == 1 for name in person)
        assert len(set(factors["smile"][rows])) == rows.sum()
    assert min(sizes[:-1]) >= PICTURES[0] and max(sizes) <= PICTURES[1]


def test_a_picture_can_be_drawn_again_from_its_factors(folder):
    factors = read_factors(str(folder))
    for row in (0, COUNT - 1):
        face = Face(
            {name: str(factors[name][row]) for name in TRAITS},
            {name: float(factors[name][row]) for name in MEASURES},
        )
        stored = cv2.imread(str(folder / "img_align_celeba" / factors["image_id"][row]))
        drawn = draw_face(face)
        assert drawn.shape == (HEIGHT, WIDTH, 3) and drawn.dtype == np.uint8
        difference = np.abs(drawn.astype(int) - stored[..., ::-1])
        assert difference.mean() < 3, "more than JPEG loses"


def test_same_seed_same_bytes_and_another_seed_others(folder, tmp_path):
    write_faces(str(tmp_path / "again"), count=COUNT, seed=4)
    assert contents(tmp_path / "again") == contents(folder)
    write_faces(str(tmp_path / "fewer"), count=10, seed=4)
    write_faces(str(tmp_path / "other"), count=10, seed=5)
    for number in range(1, 11):
        name = f"img_align_celeba/{number:06d}.jpg"
        assert (tmp_path / "fewer" / name).read_bytes() == (folder / name).read_bytes()
        assert (tmp_path / "other" / name).read_bytes() != (folder / name).read_bytes()


def test_people_of_different_seeds_have_nothing_in_common():
    tones = [{face.measures["tone"] for _, face in sample_faces(200, seed)} for seed in (4, 5)]
    assert len(tones[0]) > 25 and len(tones[0] & tones[1]) <= 2  # rounded to four digits


def test_complete_or_absent(tmp_path, monkeypatch):
    def fail(directory, faces):
        raise OSError("disk full")

    monkeypatch.setattr(faces, "_write_lists", fail)
    with pytest.raises(OSError, match="disk full"):
        write_faces(str(tmp_path / "set"), count=3, seed=0)
    assert list(tmp_path.iterdir()) == []


def test_wrong_calls_are_refused(tmp_path):
    for call in ({"count": 0, "seed": 1}, {"count": 10**6, "seed": 1}, {"count": 1, "seed": -1}):
        with pytest.raises(InputError, match="allowed"):
            write_faces(str(tmp_path / "set"), **call)
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(InputError, match="new or an empty directory"):
        write_faces(str(tmp_path), count=1, seed=1)
    with pytest.raises(InputError, match=r"mine\.txt: already there"):
        write_faces(str(tmp_path / "mine.txt"), count=1, seed=1)
    (tmp_path / "empty").mkdir()
    write_faces(str(tmp_path / "empty"), count=1, seed=1)
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_tables_are_probabilities():
    known: set[str] = set()
    for name, trait in TRAITS.items():
        assert set(trait.parents) <= known, f"{name} comes before one of its parents"
        # what belongs to a person cannot depend on what one picture shows
        assert not trait.of_person or all(TRAITS[one].of_person for one in trait.parents)
        known.add(name)
        for row, chances in trait.chances.items():
            assert len(row) == len(trait.parents) and len(chances) == len(trait.levels), name
            assert min(chances) >= 0 and sum(chances) == pytest.approx(1), (name, row)
            for level, parent in zip(row, trait.parents, strict=True):
                assert level == ANY or level in TRAITS[parent].levels
    for name, measure in MEASURES.items():
        assert set(measure.ranges) == (set(TRAITS[measure.by].levels) if measure.by else {ANY})
        assert not (measure.of_person and measure.by) or TRAITS[measure.by].of_person, name
    for trait, levels in ATTRIBUTES.values():
        assert set(levels) < set(TRAITS[trait].levels)


def test_marginals_by_hand():
    chances = true_marginals()
    assert list(chances) == list(ATTRIBUTES)
    assert chances["Male"] == pytest.approx(0.44)
    assert chances["Young"] == pytest.approx(0.56 * 0.82 + 0.44 * 0.64)
    assert chances["Bald"] == pytest.approx(0.44 * (0.64 * 0.04 + 0.36 * 0.18))
    assert chances["Smiling"] == pytest.approx(0.56 * 0.55 + 0.44 * 0.42)
    assert chances["No_Beard"] == pytest.approx(0.56 + 0.44 * (0.64 * 0.53 + 0.36 * 0.46))


def test_correlations_by_hand():
    names, correlations = list(ATTRIBUTES), true_correlations()

    def of(one: str, other: str) -> float:
        return correlations[names.index(one), names.index(other)]

    def phi(both: float, one: float, other: float) -> float:
        return (both - one * other) / np.sqrt(one * (1 - one) * other * (1 - other))

    assert np.allclose(np.diag(correlations), 1) and np.allclose(correlations, correlations.T)
    young, smiling = 0.56 * 0.82 + 0.44 * 0.64, 0.56 * 0.55 + 0.44 * 0.42
    assert of("Male", "Young") == pytest.approx(phi(0.44 * 0.64, 0.44, young))
    assert of("Smiling", "Mouth_Slightly_Open") == pytest.approx(
        phi(smiling * 0.72, smiling, smiling * 0.72 + (1 - smiling) * 0.20)
    )
    # levels of one trait exclude each other, or contain each other
    black, blond = true_marginals()["Black_Hair"], true_marginals()["Blond_Hair"]
    assert of("Black_Hair", "Blond_Hair") == pytest.approx(phi(0, black, blond))
    assert of("Narrow_Eyes", "Male") == pytest.approx(0, abs=1e-12)
    # a path through two traits: old men are bald, and a bald head wears no hat
    assert of("Male", "Wearing_Lipstick") < -0.6 and of("Bald", "Wearing_Hat") < 0


def test_samples_follow_the_table(sample):
    """Identities are the independent units: errors are estimated over them."""
    values, identities = sample
    expected = np.array(list(true_marginals().values()))
    totals = np.zeros((identities.max(), values.shape[1]))
    np.add.at(totals, identities - 1, values - expected)
    error = totals.sum(axis=0) / len(values)
    spread = np.sqrt((totals**2).sum(axis=0)) / len(values)
    assert np.all(np.abs(error) < 4.5 * spread), "a marginal is off"

    deviation = np.sqrt(expected * (1 - expected))
    scores = (values - expected) / deviation
    products = scores[:, :, np.newaxis] * scores[:, np.newaxis] - true_correlations()
    starts = np.flatnonzero(np.diff(identities, prepend=0))
    sums = np.add.reduceat(products, starts, axis=0)
    error = sums.sum(axis=0) / len(values)
    spread = np.sqrt((sums**2).sum(axis=0)) / len(values)
    likely = np.outer(expected, expected) * len(values) > 100  # enough for a normal law
    assert likely.mean() > 0.9
    assert np.all(np.abs(error) < 5 * spread + 1e-9, where=likely), "a correlation is off"


# x from, x to, y from, y to in the picture: where the attribute has to show
BROW, EYES, MOUTH = (50, 128, 84, 104), (44, 134, 95, 130), (66, 112, 134, 158)
SCALP, JAW, NOSE = (38, 140, 42, 122), (48, 130, 128, 170), (74, 104, 98, 137)
REGIONS = {
    "5_o_Clock_Shadow": ({"sex": "male", "beard": "shadow"}, JAW),
    "Arched_Eyebrows": ({"brows": "arched"}, BROW),
    "Bags_Under_Eyes": ({"bags": "yes"}, (54, 124, 116, 128)),
    "Bald": ({"sex": "male", "hair": "bald", "texture": "none"}, SCALP),
    "Bangs": ({"bangs": "yes"}, (48, 130, 52, 104)),
    "Big_Lips": ({"lips": "big"}, MOUTH),
    "Big_Nose": ({"nose": "big"}, NOSE),
    "Black_Hair": ({"hair": "black"}, SCALP),
    "Blond_Hair": ({"hair": "blond"}, SCALP),
    "Bushy_Eyebrows": ({"brows": "bushy"}, BROW),
    "Double_Chin": ({"double_chin": "yes"}, JAW),
    "Eyeglasses": ({"glasses": "round"}, EYES),
    "Goatee": ({"sex": "male", "beard": "goatee"}, (68, 110, 142, 172)),
    "Gray_Hair": ({"hair": "gray"}, SCALP),
    "Heavy_Makeup": ({"makeup": "yes"}, EYES),
    "Mouth_Slightly_Open": ({"mouth": "open"}, MOUTH),
    "Mustache": ({"sex": "male", "beard": "mustache"}, (64, 116, 130, 148)),
    "Narrow_Eyes": ({"eyes": "narrow"}, EYES),
    "Pointy_Nose": ({"nose": "pointy"}, NOSE),
    "Receding_Hairline": ({"sex": "male", "hairline": "receding"}, (44, 136, 56, 96)),
    "Rosy_Cheeks": ({"cheeks": "rosy"}, (46, 134, 112, 148)),
    "Sideburns": ({"sex": "male", "beard": "full"}, (44, 136, 98, 170)),
    "Smiling": ({"smiling": "yes"}, (60, 118, 132, 158)),
    "Wavy_Hair": ({"texture": "wavy"}, (30, 148, 38, 122)),
    "Wearing_Earrings": ({"earrings": "yes"}, (38, 140, 122, 138)),
    "Wearing_Hat": ({"hat": "brim"}, (24, 154, 30, 90)),
    "Wearing_Lipstick": ({"lipstick": "yes"}, MOUTH),
    "Wearing_Necklace": ({"necklace": "yes"}, (66, 112, 160, 184)),
    "Wearing_Necktie": ({"sex": "male", "necktie": "yes"}, (0, 178, 154, 218)),
    "Young": ({"age": "old"}, (50, 128, 74, 146)),
}
SPREAD_OUT = {"Brown_Hair", "Chubby", "Male", "No_Beard", "Oval_Face", "Pale_Skin", "Straight_Hair"}


def test_each_attribute_is_tested_somewhere():
    assert set(REGIONS) | SPREAD_OUT == set(ATTRIBUTES)


@pytest.mark.parametrize("name", REGIONS)
def test_an_attribute_shows_where_it_belongs(name):
    levels, (left, right, top, bottom) = REGIONS[name]
    plain = face_of(**{key: value for key, value in levels.items() if key == "sex"})
    other = face_of(**levels)
    other = dataclasses.replace(other, traits=plain.traits | levels)
    assert other.attributes()[name] != plain.attributes()[name]
    change = np.abs(draw_face(other).astype(int) - draw_face(plain)).max(axis=2)
    inside = np.zeros(change.shape, bool)
    inside[top:bottom, left:right] = True
    assert change[~inside].sum() <= 0.03 * change.sum(), "changes pixels elsewhere"
    # it can be seen in what the centre crop of 148 leaves, at 64 x 64 pixels
    small = [
        cv2.resize(draw_face(face)[35:183, 15:163], (64, 64), interpolation=cv2.INTER_AREA)
        for face in (plain, other)
    ]
    visible = np.abs(small[0].astype(int) - small[1]).max(axis=2) > 24
    assert visible.sum() >= 10


@pytest.mark.parametrize(
    ("one", "other", "least"),
    [
        ({"sex": "female"}, {"sex": "male"}, 60),
        ({"build": "slim"}, {"build": "chubby"}, 150),
        ({"shape": "oval"}, {"shape": "square"}, 40),
        ({"skin": "toned"}, {"skin": "pale"}, 900),
    ],
)
def test_traits_of_the_whole_head_can_be_seen(one, other, least):
    pictures = [draw_face(face_of(**levels))[35:183, 15:163] for levels in (one, other)]
    small = [cv2.resize(p, (64, 64), interpolation=cv2.INTER_AREA).astype(int) for p in pictures]
    assert (np.abs(small[0] - small[1]).max(axis=2) > 24).sum() >= least


def test_eyes_lie_where_the_alignment_of_celeba_puts_them():
    """Dark pupils around (69, 111) and (109, 111), as wide as high, in a straight pose."""
    assert EYE_LEVEL == (89, 111)
    dark = draw_face(face_of()).sum(axis=2) < 200
    for x in (69, 109):
        rows, columns = np.nonzero(dark[107:116, x - 4 : x + 5])
        assert len(rows) >= 12
        assert abs(columns.mean() - 4) < 1 and abs(rows.mean() - 4) < 1.2


def test_pose_moves_the_face():
    face = face_of()
    still = draw_face(face)
    moved = draw_face(dataclasses.replace(face, measures=face.measures | {"shift": 3.0}))
    # three whole pixels to the right, edge to edge but for what enters at the left
    assert np.abs(moved[:, 3:].astype(int) - still[:, :-3]).mean() < 0.5
    turned = draw_face(dataclasses.replace(face, measures=face.measures | {"roll": 5.0}))
    crown = [
        np.nonzero(image[46:66].sum(axis=2) < 300)[1].mean()  # the hair is the dark part
        for image in (still, turned)
    ]
    assert abs(crown[0] - 89) < 1.5 and 5 < crown[1] - crown[0] < 11  # 90 pixels * tan 5 degrees
