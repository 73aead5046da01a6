"""`latentforge inspect`: tables that say what the manifest says, sheets that show it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from data_prep.config import PrepConfig
from data_prep.job.prepare import prepare
from data_prep.records.read import read_records
from data_prep.synthetic.drawings import WORDS, write_drawings
from pipeline.cli.main import main


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inspect")
    write_drawings(str(folder / "raw"), per_word=30, seed=0)
    options = PrepConfig(source="sample", image_size=16)
    manifest = prepare(options, [str(folder / "raw")], str(folder / "out"))
    return folder / "out", manifest


def test_tables_and_sheets(drawings, tmp_path):
    directory, manifest = drawings
    result = CliRunner().invoke(main, ["inspect", str(directory), "--output", str(tmp_path)])
    assert result.exit_code == 0, result.output
    for text in (*WORDS, "written 180", "16x16x1", f"{manifest.counts['by_split']['train']}"):
        assert text in result.output
    paths = sorted(tmp_path.glob("*.png"))
    assert [p.name for p in paths] == ["out-eval.png", "out-test.png", "out-train.png"]
    sheet = np.asarray(Image.open(tmp_path / "out-train.png").convert("L"))
    # Six words of up to twelve images of 16 pixels, enlarged four times, on light paper.
    assert sheet.shape[0] > 6 * 64 and sheet.shape[1] > 12 * 64
    assert (sheet == 0).mean() > 0.3


def test_a_damaged_shard_is_named(drawings, tmp_path):
    directory, manifest = drawings
    path = directory / manifest.shards[0]["path"]
    assert len(list(read_records(str(path)))) == manifest.shards[0]["records"]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    copy = tmp_path / "copy" / manifest.shards[0]["path"]
    copy.parent.mkdir(parents=True)
    copy.write_bytes(data)
    (tmp_path / "copy" / "manifest.json").write_bytes((directory / "manifest.json").read_bytes())
    result = CliRunner().invoke(
        main, ["inspect", str(tmp_path / "copy"), "--output", str(tmp_path)]
    )
    assert result.exit_code == 2
    assert "damaged" in result.output and copy.name in result.output


def test_no_data_set(tmp_path):
    result = CliRunner().invoke(main, ["inspect", str(tmp_path)])
    assert result.exit_code == 2
    assert "no prepared data set there" in result.output


def test_a_manifest_without_its_counts(drawings, tmp_path):
    plain = json.loads((drawings[0] / "manifest.json").read_text())
    del plain["counts"]["written"]
    (tmp_path / "manifest.json").write_text(json.dumps(plain))
    result = CliRunner().invoke(main, ["inspect", str(tmp_path)])
    assert result.exit_code == 2
    assert "counts lack written" in result.output
