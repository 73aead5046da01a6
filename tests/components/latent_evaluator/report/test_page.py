"""What stands on the page, and what does not."""

import base64
import dataclasses
import re
from html.parser import HTMLParser

import pytest
from markupsafe import Markup, escape

from components.latent_evaluator.report import page
from components.latent_evaluator.report.charts import BINS_HEIGHT
from components.latent_evaluator.report.page import render, write_report
from components.latent_evaluator.report.registry import SECTIONS, section
from components.span_drift.drift import DriftMeasure, DriftReport
from components.tuner.trials import SearchReport

EVIL = "<img src=x>"
EVERY = {
    "verdict", "conditions", "metrics", "training", "reconstructions", "samples", "manifold",
    "traversals", "walk", "edits", "morphs", "styles", "latent", "vectors", "slices", "data",
}  # fmt: skip


class Reader(HTMLParser):
    """Ids of sections, every tag with its attributes, and the text outside style and script."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.inside = [], "", ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data):
        if self.inside not in ("style", "script"):
            self.text += data

    @property
    def sections(self):
        return {attrs["id"] for tag, attrs in self.tags if tag == "section" and "id" in attrs}


@pytest.fixture(scope="module")
def pages(make_inputs):
    return {kind: render(make_inputs(kind)) for kind in ("faces", "drawings", "bare")}


def test_sections_that_do_not_apply_are_absent(pages):
    sections = {kind: Reader(html).sections for kind, html in pages.items()}
    assert sections["faces"] == EVERY - {"styles"}
    # the condition of a model is not edited
    assert sections["drawings"] == EVERY - {"walk", "edits"}
    absent = {"training", "walk", "edits", "styles", "latent", "vectors", "slices"}
    assert sections["bare"] == EVERY - absent
    for kind, html in pages.items():
        links = {a["href"][1:] for tag, a in Reader(html).tags if tag == "a"}
        assert links == sections[kind] - {"verdict"}


def test_the_exported_epoch_is_named(pages):
    words = "epoch 3 of 4, the dashed line: lowest val_kl, 3.00."
    assert words in " ".join(Reader(pages["faces"]).text.split())


def test_bits_that_are_no_code_length_have_no_curve(make_inputs):
    inputs = make_inputs("faces")
    epochs = [{**epoch, "bits_per_dim": 1.0} for epoch in inputs.history["epochs"]]
    history = inputs.history | {"epochs": epochs}
    for bits, shown in ((1.5, True), (None, False)):
        candidate = inputs.candidate | {"bits_per_dim": bits}
        text = Reader(
            render(dataclasses.replace(inputs, candidate=candidate, history=history))
        ).text
        assert ("bits per dimension training" in " ".join(text.split())) == shown


def test_the_page_points_nowhere_and_forbids_the_network(pages):
    for html in pages.values():
        reader = Reader(html)
        for tag, attrs in reader.tags:
            for name in ("src", "href", "action", "srcset", "data"):
                value = attrs.get(name, "#")
                assert value.startswith(("#", "data:")), (tag, value[:60])
        assert not re.search(
            r"https?:|//[a-z]|@import|url\(", re.sub(r'src="data:[^"]*"', "", html)
        )
        policy = next(a["content"] for t, a in reader.tags if a.get("http-equiv"))
        assert policy.startswith("default-src 'none'; img-src data:;")
        assert "unsafe-eval" not in policy and "script-src 'sha256-" in policy


def test_names_from_the_data_are_text(pages):
    html = pages["faces"]
    assert "<img src=x" not in html and "<script>1" not in html
    assert "onerror=" not in {name for _, attrs in Reader(html).tags for name in attrs}
    assert html.count("<script") == 1
    assert html.count("&lt;img src=x onerror") > 5  # reasons, edits, walk, vectors, data card


def test_every_image_is_inside_and_described(pages):
    for html in pages.values():
        images = [attrs for tag, attrs in Reader(html).tags if tag == "img"]
        assert len(images) > 10
        for attrs in images:
            assert attrs["src"].startswith("data:image/webp;base64,")
            assert len(attrs["alt"]) > 5 and int(attrs["width"]) > 0 and int(attrs["height"]) > 0


def test_the_verdict_is_first_and_in_words(pages):
    text = Reader(pages["drawings"]).text
    assert (
        "Not blessed" in text
        and "CVAE, conv_32, 4 latent dimensions, conditioned on the label" in text
    )
    reason = "posterior collapse: 0 of 4 latent dimensions are in use"
    assert text.index(reason) < text.index("ELBO") < text.index("Reconstructions")


def rows_in_words(html):
    rows = re.findall(r"<tr>.*?</tr>", html, re.S)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)).strip() for row in rows]


def test_every_condition_has_a_line(pages):
    assert "It meets all 2 conditions of a push, so its decoder is pushed." in pages["faces"]
    assert "Beside the champion" in pages["faces"] and "Beside" not in pages["drawings"]
    rows = rows_in_words(pages["faces"])
    assert "✓ latent dimensions in use 3 at least 2" in rows
    assert "✓ KID of samples 9 8 at most 2% worse at most 30% worse" in rows
    rows = rows_in_words(pages["drawings"])
    assert "✕ latent dimensions in use 0 of 4 in use 0 at least 2" in rows
    assert "✕ coverage about 900 0.2 at least 3" in rows


def test_numbers_beside_the_blessed_model_before_it(pages):
    words = rows_in_words(pages["faces"])
    elbo = next(row for row in words if row.startswith("ELBO"))
    assert "−20.0 −22.0 to −18.0 −25.0 −22.0 to −18.0 5.0 better" in elbo
    psnr = next(row for row in words if row.startswith("PSNR"))
    assert psnr.endswith("20.00 21.00 1.00 worse 13.00")
    assert "blessed before" not in pages["drawings"]


def test_the_file_is_written_whole(make_inputs, tmp_path, monkeypatch):
    inputs = make_inputs("bare")
    monkeypatch.setattr(page, "render", lambda given: f"<p>{given.split}: 5 µ")
    write_report(str(tmp_path / "report.html"), inputs)
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "<p>test: 5 µ"


def test_a_search_is_shown_with_its_failures(make_inputs):
    trial = {"state": "done", "message": None, "seconds": 12.34, "beta": 0.25}
    rows = [
        trial | {"trial": 3, "rank": 1, "score": 0.4, "val_kl_loss": 8.0,
                 "val_reconstruction_loss": 82.5, "runs": 3, "mean": 0.5, "standard_error": 0.0123,
                 "within_noise": True, "chosen": False},
        trial | {"trial": 2, "rank": 2, "score": 0.5, "val_kl_loss": 9.0,
                 "val_reconstruction_loss": 81.5, "runs": 3, "mean": 0.51, "standard_error": 0.0123,
                 "within_noise": True, "chosen": True},
        trial | {"trial": 1, "rank": None, "score": None, "val_kl_loss": None,
                 "val_reconstruction_loss": None, "state": "failed", "message": "<b>memory",
                 "runs": 0, "mean": None, "standard_error": None, "within_noise": None,
                 "chosen": False},
    ]  # fmt: skip
    found = SearchReport(
        objective="sample_quality",
        noise="noise of a run 0.02 & more",
        searched=("beta",),
        rows=rows,
        pareto_svg="<svg>front</svg>",
        strips={2: "data:image/png;base64,AAAA"},
    )
    html = render(dataclasses.replace(make_inputs("bare"), search=found))
    reader = Reader(html)
    assert "search" in reader.sections and "<b>memory" in reader.text and "<b>" not in html
    shown = html[html.index('<section id="search">') :]
    shown = shown[: shown.index("</section>")]
    cells = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", shown[shown.index("<tbody>") :])
    assert cells[:7] == ["~ 1", "0.5 ± 0.012", "3", "0.25", "8", "82.5", "12.34"]
    assert cells[8:15] == ["★ 2", "0.51 ± 0.012", "3", "0.25", "9", "81.5", "12.34"]
    assert cells[16:23] == ["–", "–", "0", "0.25", "–", "–", "12.34"]
    assert "<p>Noise of a run 0.02 &amp; more.</p>" in shown
    sources = [attrs["src"] for tag, attrs in Reader(shown).tags if tag == "img"]
    assert base64.b64decode(sources[0].partition(",")[2]) == b"<svg>front</svg>"
    assert sources[1:] == ["data:image/png;base64,AAAA"]


def test_drift_is_shown_with_what_went_too_far(make_inputs):
    histogram = {"edges": [0, 0.5, 1], "reference": [0.25, 0.75], "span": [1.0, 0.0]}
    found = DriftReport(
        span="8",
        reference="5",
        note="",
        images=(1000, 900),
        measures=(
            DriftMeasure("label", 0.5, 0.01, 0.2, "<b>cat 50.0% to 0.0%"),
            DriftMeasure("ink", 0.03, 0.05, 0.2, "mean 0.1 to 0.2"),
        ),
        histograms={"ink": histogram},
    )
    html = render(dataclasses.replace(make_inputs("bare"), drift=found))
    reader = Reader(html)
    assert "drift" in reader.sections and ("a", {"href": "#drift"}) in reader.tags
    assert "Span 8 against span 5, the last blessed one" in reader.text
    assert '<td class="worse">0.500</td>' in html and '<td class="">0.030</td>' in html
    assert "&lt;b&gt;cat 50.0% to 0.0%" in html and "<b>cat" not in html
    # The bar of the span fills the left half; the line of the other rises in the right one.
    assert f"M0.0 {BINS_HEIGHT}V4.0H60.0V{BINS_HEIGHT}Z" in html
    assert f"M0 {BINS_HEIGHT}V53.5H60.0V20.5H120.0V{BINS_HEIGHT}" in html


def test_why_nothing_was_compared_is_told(make_inputs):
    found = DriftReport(span="8", reference=None, note="there is no blessed model yet")
    html = render(dataclasses.replace(make_inputs("bare"), drift=found))
    assert "<p>Span 8. There is no blessed model yet.</p>" in html
    assert "moved most" not in html


@pytest.fixture
def toy_section():
    """A section before the slices, registered for one test; it applies to faces alone."""

    @section("toy", "Toy", heading="A toy of a section", before="slices")
    def toy(view):
        if not view.inputs.manifest.attributes:
            return None
        return Markup("<p>{} images of {}</p>").format(len(view.shown.images), EVIL)

    yield
    del SECTIONS["toy"]


def test_a_declared_section_and_its_link_stand_where_they_belong(make_inputs, toy_section):
    html = render(make_inputs("faces"))
    reader = Reader(html)
    order = [a["id"] for tag, a in reader.tags if tag == "section"]
    assert order[order.index("toy") - 1 :] == ["vectors", "toy", "slices", "data"]
    links = [a["href"][1:] for tag, a in reader.tags if tag == "a"]
    assert links == [name for name in order if name != "verdict"]
    assert "<h2>A toy of a section</h2>" in html
    assert f"<p>12 images of {escape(EVIL)}</p>" in html
    assert 'id="toy"' not in render(make_inputs("bare"))


def test_a_section_is_declared_once():
    with pytest.raises(ValueError, match="there is a section data already"):
        section("data", "Data")(lambda view: None)
