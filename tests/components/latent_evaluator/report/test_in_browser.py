"""The report in a headless Chromium, without a network."""

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.latent_evaluator.report.page import write_report

sys.path.insert(0, str(Path(__file__).parent))
from browser import Browser, require_browser

pytestmark = pytest.mark.slow
RIGHT, LEFT, DOWN = "\ue014", "\ue012", "\ue015"
LOADED = """
const images = Array.from(document.images);
return [images.length, images.filter(i => !i.complete || !i.naturalWidth).map(i => i.alt)];
"""
REQUESTS = """
const names = performance.getEntriesByType("resource").map(r => r.name);
return names.filter(name => !name.startsWith("data:"));
"""
TOO_WIDE = "return document.documentElement.scrollWidth - window.innerWidth;"
PAPER = "return getComputedStyle(document.body).backgroundColor;"


@pytest.fixture(scope="module")
def reports(make_inputs, tmp_path_factory):
    require_browser()
    folder = tmp_path_factory.mktemp("reports")
    for kind in ("faces", "drawings", "bare"):
        write_report(str(folder / f"{kind}.html"), make_inputs(kind))
    return folder


@pytest.fixture(scope="module")
def desktop(reports, tmp_path_factory):
    with Browser(str(tmp_path_factory.mktemp("desktop"))) as browser:
        yield browser


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


@pytest.mark.parametrize("kind", ["faces", "drawings", "bare"])
def test_every_image_loads_and_the_console_is_silent(desktop, reports, kind):
    desktop.console()
    desktop.open(str(reports / f"{kind}.html"))
    count, broken = desktop.run(LOADED)
    assert count > 10 and broken == []
    assert desktop.run(REQUESTS) == []
    assert desktop.run(TOO_WIDE) <= 0
    assert "lessed: " in desktop.run("return document.title;")  # no name was run as code
    assert desktop.console() == []


def test_the_slider_changes_the_picture(desktop, reports):
    desktop.open(str(reports / "faces.html"))
    shown = {0: desktop.picture(".stage")}
    assert desktop.run("return document.querySelector('output').textContent;") == "0"
    for step, (keys, text) in {4: (RIGHT * 8, "+4"), -4: (LEFT * 16, "−4")}.items():
        desktop.press("input[type=range]", keys)
        assert desktop.run("return document.querySelector('output').textContent;") == text
        shown[step] = desktop.picture(".stage")
    # Smiling is z0, the brightness of the left half of each face: 0.1 for a step of 1
    grey = {
        step: pixels(png)[:, : pixels(png).shape[1] // 12].mean() for step, png in shown.items()
    }
    assert grey[4] - grey[0] == pytest.approx(0.4 * 255, abs=4)
    assert grey[0] - grey[-4] == pytest.approx(0.4 * 255, abs=4)

    desktop.press("select", DOWN)  # Male, which the left half knows nothing of
    male = pixels(desktop.picture(".stage"))
    assert desktop.run("return document.querySelectorAll('.frames:not([hidden])').length;") == 1
    assert male[:, : male.shape[1] // 12].mean() == pytest.approx(grey[0], abs=4)
    assert not np.array_equal(male, pixels(shown[0]))
    assert desktop.console() == []


@pytest.mark.parametrize("kind", ["faces", "drawings"])
def test_it_is_readable_on_a_phone_in_the_dark(reports, tmp_path, kind):
    with Browser(str(tmp_path), width=390, height=844, dark=True) as phone:
        phone.open(str(reports / f"{kind}.html"))
        assert phone.run("return window.innerWidth;") == 390
        assert phone.run(TOO_WIDE) <= 0
        dark = phone.run(PAPER)
        small = phone.run(
            "return Array.from(document.querySelectorAll('p, li, td, th, figcaption'))"
            ".filter(e => e.offsetParent && parseFloat(getComputedStyle(e).fontSize) < 11).length;"
        )
        assert small == 0
        assert max(int(part) for part in dark[4:-1].split(",")) < 50
        assert phone.console() == []


def test_a_missing_browser_is_a_skip_here_and_a_failure_on_ci(monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no chromium and no chromedriver: apt-get"):
        require_browser()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no chromium"):
        require_browser()
