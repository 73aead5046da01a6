"""The prep command as a person types it: what it prints, how it exits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).parent / "latentforge"


def latentforge(*args, cwd=None):
    return subprocess.run(
        [COMMAND, *map(str, args)], capture_output=True, text=True, cwd=cwd, timeout=120
    )


def test_help_needs_no_heavy_library():
    code = (
        "import sys; from click.testing import CliRunner; from pipeline.cli.main import main;"
        "r = CliRunner().invoke(main, ['--help']); assert 'prep' in r.output, r.output;"
        "print(sorted({'tensorflow', 'tfx', 'apache_beam', 'keras', 'numba'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.slow
def test_sample_from_nothing(tmp_path):
    out = tmp_path / "out"
    done = latentforge("prep", "sample", "--per-word", 20, "--output", out, "--image-size", 32)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["counts"]["written"] == 20 * len(manifest["labels"])
    assert len(manifest["labels"]) >= 5
    assert manifest["image"] == {"height": 32, "width": 32, "channels": 1, "ink": "white"}
    assert f"{manifest['counts']['written']} images of 32x32 written" in done.stdout
    assert str(out) in done.stdout
    assert done.stderr == ""
    again = latentforge("prep", "sample", "--per-word", 20, "--output", out, "--image-size", 32)
    assert again.returncode == 0
    other = latentforge("prep", "sample", "--per-word", 20, "--output", out, "--image-size", 28)
    assert (other.returncode, other.stderr.count("\n")) == (2, 1)
    assert "image_size was 32, now 28" in other.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("--runner=NoSuchRunner", "Unexpected pipeline runner"),
        ("--direct_num_workers=x", "argument --direct_num_workers: invalid int value: 'x'"),
        ("--runnner=FlinkRunner", "got --runnner, which Beam does not know; --runner?"),
    ],
)
def test_beam_options_reach_the_runner(tmp_path, option, reason):
    (tmp_path / "cat.bin").touch()
    done = latentforge(
        "prep", "quickdraw", "--input", "cat.bin", "--output", "out", "--", option, cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: Beam options") and reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--input", "nowhere/*.bin"], "input nowhere/*.bin: no such file"),
        (["--input", ".", "--image-size", "3"], "image_size: got 3, allowed"),
        (["--input", ".", "--per-label", "-1"], "per_label: got -1, allowed"),
        (["--input", ".", "--rasterizer", "book"], "image_size: got 28, allowed: 32"),
    ],
)
def test_wrong_calls_are_one_line_and_status_2(tmp_path, args, message):
    done = latentforge("prep", "quickdraw", *args, "--output", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_faces_from_nothing(tmp_path):
    out = tmp_path / "out"
    done = latentforge("prep", "sample-faces", "--faces", 120, "--output", out, "--image-size", 32)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["counts"]["written"] == 120
    assert len(manifest["attributes"]) == 40
    assert manifest["positives"]["Smiling"] > 20
    assert manifest["image"] == {"height": 32, "width": 32, "channels": 3, "ink": "none"}
    official = latentforge(
        "prep", "sample-faces", "--faces", 120, "--output", tmp_path / "official",
        "--image-size", 32, "--split-by", "partition",
    )  # fmt: skip
    assert official.returncode == 0, official.stderr


@pytest.mark.slow
def test_an_output_that_is_a_file(tmp_path):
    (tmp_path / "cat.bin").write_bytes(b"x")
    (tmp_path / "out").touch()
    done = latentforge("prep", "quickdraw", "--input", "cat.bin", "--output", "out", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("error: output out: cannot be written to (")
    assert "Not a directory" in done.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["celeba", "--crop", "wide"], "none, square or a number"),
        (["celeba", "--crop", "²"], "none, square or a number"),
        (["idx", "--input", ""], "input: got '', allowed: a file, folder or glob"),
        (
            ["quickdraw", "b.bin", "c.bin"],
            "argument 'b.bin': got it without an option; quote globs",
        ),
        (["cifar10", "--classes", "1", "--student-number", "1234"], "nothing with --classes"),
        (["cifar10", "--student-number", "11"], "student_number: got '11'"),
        (["idx", "--splits", "1,2"], "splits: got '1,2', allowed: three shares"),
        (["image-folder", "--splits", "0.5,0.2,0.2"], "splits: got (0.5, 0.2, 0.2), allowed"),
        (["quickdraw", "--split-by", "identity"], "split_by: got 'identity', allowed: key"),
    ],
)
def test_wrong_calls_of_each_source(tmp_path, args, message):
    from click.testing import CliRunner

    from pipeline.cli.main import main

    (tmp_path / "a.bin").write_bytes(b"x")
    more = ["--input", str(tmp_path / "a.bin"), "--output", str(tmp_path / "out")]
    result = CliRunner().invoke(main, ["prep", *args, *more])
    assert result.exit_code == 2
    assert message in result.output
