"""Configs from presets, files and overrides, and how wrong ones are refused."""

import dataclasses
import re
import subprocess
import sys

import pytest

from data_prep.config import PrepConfig
from data_prep.errors import InputError
from pipeline.config.pipeline import PRESETS, load_config, preset_names

QUICKDRAW = "data.input=a/*.bin"


def test_every_preset_loads():
    assert {"quickdraw", "sample", "cats_ae", "cats_vae", "words_ae"} <= set(preset_names())
    for name in preset_names():
        config = load_config(name)
        assert config.name == name and config.description


def test_headers_of_presets_say_what_is_needed():
    for name in preset_names():
        header = (PRESETS / f"{name}.yaml").read_text().split("\nname:")[0]
        for word in ("source", "command", "hardware", "expect"):
            assert f"\n#   {word} " in header, (name, word)
        hardware = header.split("\n#   hardware ")[1].split("\n#   expect ")[0]
        assert re.search(r"\d\s+(#\s+)?(second|minute|hour|day)s?\b", hardware), (name, hardware)


def test_overrides_are_yaml_and_reach_any_depth():
    config = load_config(
        "quickdraw",
        ["model.beta=2", "train.learning_rate=1e-4", "data.words=[eye, mouth]", QUICKDRAW],
    )
    assert config.model.beta == 2.0
    assert config.train.learning_rate == 1e-4
    assert config.data.words == ("eye", "mouth")
    assert config.data.input == ("a/*.bin",)


def test_a_glob_may_begin_with_a_star():
    assert load_config("quickdraw", ["data.input=*.bin"]).data.input == ("*.bin",)


def test_a_file_is_named_after_itself(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("data: {source: quickdraw, input: x.bin}\n")
    config = load_config(str(path))
    assert config.name == "mine" and config.data.input == ("x.bin",)


def test_prep_config_hold_what_shapes_the_data_and_nothing_else():
    config = load_config("quickdraw", [QUICKDRAW, "data.per_label=7", "data.workers=3"])
    options = config.data.prep_config()
    assert type(options) is PrepConfig
    assert options == PrepConfig(source="quickdraw", image_size=32, per_label=7)
    assert options == dataclasses.replace(config.data, workers=1).prep_config()


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["data.sorce=x"], r"data\.sorce: unknown key; did you mean data\.source\?"),
        (["model.beta=-1"], r"model\.beta: got -1\.0, allowed: a number of at least 0"),
        (["model.latent_dim=many"], r"model\.latent_dim: got 'many', allowed: a whole number"),
        (["data.image_size=20"], r"data\.image_size: .* got 20, allowed: a multiple of 8"),
        (["model.latent_dim=0"], r"model\.latent_dim: got 0, allowed: 1 to 4096"),
        (["model.family=cvae"], r"model\.condition: got 'none', allowed: label, attributes"),
        (["model.condition=label"], r"model\.condition: got 'label', allowed: none with family"),
        (["data.rasterizer=crayon"], r"data\.rasterizer: got 'crayon', allowed: official, book"),
        (["data.input="], r"data\.input"),
        (["data.input=[]"], r"data\.input: got \[\], allowed: one or more globs"),
        (["data.workers=-1"], r"data\.workers: got -1"),
        (["data.source=paper"], r"data\.source: got 'paper', allowed: quickdraw, sample"),
        (["data.window=2"], r"data\.window: got 2, allowed: 1 without \{SPAN\} in data\.input"),
        (["data.input=a/{SPAN}", "data.window=0"], r"data\.window: got 0, allowed: 1 to 1000"),
        (["data.input=a/{YYYY}/*.bin"], r"data\.input a/\{YYYY\}/\*\.bin: got the placeholders"),
        (["data.source=prepared", "data.input=a/{SPAN}"], r"data\.input: .* no \{SPAN\} with so"),
        (["data.attributes=a/{SPAN}.txt"], r"data\.input quickdraw/\*\.bin: got the placeholders"),
        (["drift.max_label=2"], r"drift\.max_label: got 2\.0, allowed: 0 to 1"),
        (["drift.images=1"], r"drift\.images: got 1, allowed: 100 to 1000000"),
        (["data.source=prepared", "data.per_label=5"], r"data\.per_label: got 5"),
        (["data.source=prepared", "data.input=[a, b]"], r"data\.input: .* one prepared directory"),
        (["evaluation.max_unexplained=2"], r"evaluation\.max_unexplained: got 2"),
        (["name=a b"], r"name: got 'a b'"),
        (["name="], r"name"),
        (["beta"], r"--set: got 'beta', allowed: key\.sub=value"),
        ([".=1"], r"--set: got '\.=1'"),
        (["name.x=1"], r"--set: name\.x: name holds no keys"),
    ],
)
def test_wrong_values_are_named(overrides, words):
    with pytest.raises(InputError, match=words) as error:
        load_config("quickdraw", overrides)
    assert "\n" not in str(error.value)


def test_the_sample_source_takes_no_input():
    with pytest.raises(InputError, match=r"data\.input: .* nothing with source sample"):
        load_config("sample", [QUICKDRAW])
    with pytest.raises(InputError, match=r"data\.sample\.per_word: got 1"):
        load_config("sample", ["data.sample.per_word=1"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a\n", "expected a mapping at the top, got list"),
        ("a: [\n", "not readable as YAML"),
        ("", "expected a mapping at the top, got NoneType"),
    ],
)
def test_files_that_are_no_config(tmp_path, text, words):
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        load_config(str(path))


def test_an_unknown_preset_names_the_presets():
    with pytest.raises(InputError, match=r"got 'nosuch', allowed: .*quickdraw, .*or the path"):
        load_config("nosuch")


def test_loading_a_config_starts_no_heavy_library():
    code = (
        "import sys; from pipeline.config.pipeline import load_config; load_config('sample')\n"
        "heavy = {'tensorflow', 'keras', 'tfx', 'apache_beam', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
