"""Citations: the places of a paper that the project rests on, each named alike everywhere."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# paper -> places that may be cited, with the claim that stands there
PLACES = {
    "Burda et al. 2016": {
        "eq. 8": "the importance-weighted bound",
        "section 5.2": "active units",
    },
    "Larsen et al. 2016": {
        "section 2.3": "the losses of the VAE-GAN",
        "section 4.1.1": "attribute vectors",
    },
    "Theis et al. 2016": {"section 3.1": "uniform noise in the bins of discrete data"},
    "Chen et al. 2018": {"eq. 6": "the mutual information gap"},
    "Kynkäänniemi et al. 2019": {
        "eq. 1": "precision and recall",
        "section 3": "the number of neighbours",
    },
    "Wang et al. 2004": {"eq. 13": "the structural similarity"},
}
# The paper, at most a quoted title or an arXiv number, and the place.
CITATION = re.compile(
    rf"({'|'.join(PLACES)})(?:,? \(?(?:arXiv [\d.]+|\"[^\"]*\")\)?)?, ((?:section|eq\.) [\d.]*\d)"
)


def citations(text: str) -> list[tuple[str, str]]:
    """Returns the (paper, place) pairs of a text whose lines may break anywhere."""
    joined = re.sub(r"\s*\n\s*(?:#\s*)?", " ", text)
    return [(paper, place) for paper, place in CITATION.findall(joined)]


def test_every_place_of_a_paper_is_one_that_says_what_it_is_cited_for():
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    found = [
        (name, *cited)
        for name in listed
        if name != "tests/test_citations.py" and (ROOT / name).exists()
        for cited in citations((ROOT / name).read_text(encoding="utf-8"))
    ]
    assert {paper for _, paper, _ in found} >= {"Burda et al. 2016", "Larsen et al. 2016"}
    assert [each for each in found if each[2] not in PLACES[each[1]]] == []


def test_a_citation_is_read_across_a_line_and_a_title():
    assert citations(
        'Burda et al. 2016, "Importance weighted\n    autoencoders", section 4.3:'
    ) == [("Burda et al. 2016", "section 4.3")]
    assert citations("(Larsen et al. 2016, arXiv 1512.09300, section 4.2). It") == [
        ("Larsen et al. 2016", "section 4.2")
    ]
    assert citations("Burda et al. 2016 (arXiv 1509.00519), eq. 8.") == [
        ("Burda et al. 2016", "eq. 8")
    ]
