"""The generation verbs on models whose pixels tell what they were asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from PIL import Image

from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from data_prep.features import ImageSpec
from data_prep.manifest import Manifest
from pipeline.cli.main import main
from pipeline.generate.finished_run import FinishedRun, edit_names, find
from pipeline.generate.model_session import ModelSession
from trainer.figures import sheet

SIDE = 56  # shown as it is
LABELS = ("bar", "ring", "star")
VERBS = ("sample", "reconstruct", "morph", "style", "mix", "traverse")


class Told(tf.Module):
    """decode: the left half of an image is z0, the right half the share of the last condition.

    encode: z0 is the brightness, and the wider the range of a dimension, the more KL it has.
    """

    def __init__(self, width):
        super().__init__()
        self.width = width

    def signatures(self):
        more = [tf.TensorSpec([None, self.width], tf.float32, "condition")] if self.width else []

        def halves(left, right):
            one = tf.ones([1, SIDE, SIDE // 2, 1])
            left, right = left[:, None, None, None], right[:, None, None, None]
            return {"image": tf.concat([left * one, right * one], axis=2)}

        def decode(z, condition=None):
            told = tf.zeros_like(z[:, 0]) if condition is None else condition[:, -1]
            return halves(z[:, 0], told)

        def sample(count, seed, condition=None):
            z = tf.fill([count, 1], 0.1 * tf.cast(seed, tf.float32))
            if condition is not None:
                condition = tf.broadcast_to(condition, [count, self.width])
            return decode(z, condition)

        def encode(image, condition=None):
            pixels = tf.reshape(tf.io.decode_raw(image, tf.uint8), [-1, SIDE * SIDE])
            z0 = tf.reduce_mean(tf.cast(pixels, tf.float32), axis=1) / 255
            z_mean = tf.stack([z0, 3 + 0 * z0, 1 + 0 * z0], axis=1)
            return {"z_mean": z_mean, "z_log_var": tf.zeros_like(z_mean)}

        z = tf.TensorSpec([None, 3], tf.float32, "z")
        count, seed = tf.TensorSpec([], tf.int32, "count"), tf.TensorSpec([], tf.int64, "seed")
        image = tf.TensorSpec([None], tf.string, "image")
        return {
            "decode": tf.function(decode, input_signature=[z, *more]),
            "sample": tf.function(sample, input_signature=[count, seed, *more]),
            "encode": tf.function(encode, input_signature=[image, *more]),
        }


def write_model(directory, kind, family="vae"):
    names = {"label": LABELS, "attributes": ("young", "smiling"), None: ()}[kind]
    module = Told(len(names))
    tf.saved_model.save(module, str(directory), signatures=module.signatures())
    described = {
        "family": family,
        "latent_dim": 3,
        "condition": {"kind": kind, "names": list(names)} if kind else None,
    }
    (directory / "assets.extra").mkdir()
    (directory / "assets.extra" / "model.json").write_text(json.dumps(described))


def write_data(directory):
    """Six images, the n-th of grey 40 n, bar, ring and star in turn."""
    (directory / "Split-test").mkdir(parents=True)
    options = tf.io.TFRecordOptions("GZIP")
    path = directory / "Split-test" / "examples-00000-of-00001.gz"
    with tf.io.TFRecordWriter(str(path), options) as writer:
        for n in range(6):
            values = {
                "image": np.full(SIDE * SIDE, 40 * n, np.uint8).tobytes(),
                "key": b"k%d" % n,
                "label": LABELS[n % 3].encode(),
            }
            features = {
                name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                for name, value in values.items()
            }
            features["attributes"] = tf.train.Feature(
                int64_list=tf.train.Int64List(value=[n % 2, 1])
            )
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())
    manifest = Manifest(
        image=ImageSpec(height=SIDE, width=SIDE, channels=1, ink="white"),
        labels=LABELS,
        attributes=("young", "smiling"),
        counts={},
        rejects={},
        positives={},
        shards=(),
        source={},
        options={},
        code_version="0",
    )
    (directory / "manifest.json").write_text(manifest.to_json())


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """runs/{plain,label,attributes,ae}, of which `label` is the newest."""
    folder = tmp_path_factory.mktemp("generate")
    write_data(folder / "data")
    kinds = {"plain": None, "attributes": "attributes", "ae": None, "label": "label"}
    for number, (name, kind) in enumerate(kinds.items()):
        model = folder / "runs" / name / "artifacts" / "Trainer" / "model" / "7"
        family = "ae" if name == "ae" else "cvae" if kind else "vae"
        for part in ("Format-Serving", "Format-TFMA"):
            write_model(model / part, kind, family)
        told = {"artifacts": {"model": str(model), "examples": str(folder / "data")}}
        summary = folder / "runs" / name / "summary.json"
        summary.write_text(json.dumps(told))
        os.utime(summary, (1000 + number, 1000 + number))
    return folder


@pytest.fixture
def here(place, tmp_path, monkeypatch):
    """The working directory: the runs are here, and what is drawn."""
    (tmp_path / "runs").symlink_to(place / "runs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


def session(place, name="label", seed=0):
    return ModelSession(find(place / "runs" / name, None), seed)


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are laid out as sheets."""
    figures, draw = [], sheet.sheet

    def keep(figure):
        figures.append(figure)
        return draw(figure)

    monkeypatch.setattr(sheet, "sheet", keep)
    return figures


def halves(images):
    """The left and the right grey of each image, in 0 to 1."""
    return [(round(i[0, 0, 0] / 255, 2), round(i[0, -1, 0] / 255, 2)) for i in images]


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_writes_a_png_and_prints_its_path(here, verb):
    more = [
        "--count",
        1 if verb == "morph" else 3,
        *(["--labels", "bar,star"] if verb == "mix" else []),
    ]
    result = call(verb, *more)
    assert result.exit_code == 0, result.output
    assert result.output == f"{verb}.png\n"
    assert Image.open(here / f"{verb}.png").format == "PNG"
    result = call(verb, *more, "--output", "other.png", "--run", "runs/label")
    assert result.output == "other.png\n"
    assert (here / "other.png").read_bytes() == (here / f"{verb}.png").read_bytes()


def test_samples_of_each_label_from_the_seed(place):
    figure = session(place, seed=4).samples(count=12, labels=())
    assert [row.name for row in figure.rows] == ["bar", "ring", "star"]
    assert [len(row.images) for row in figure.rows] == [12] * 3 and figure.width == 10
    assert [halves(row.images[:1])[0] for row in figure.rows] == [
        (0.4, 0.0),
        (0.4, 0.0),
        (0.4, 1.0),
    ]
    figure = session(place, "plain", seed=2).samples(count=3, labels=())
    assert halves(figure.rows[0].images) == [(0.2, 0.0)] * 3


def test_reconstructions_are_of_the_images_above_them(place):
    figure = session(place).reconstructions(count=6, labels=())
    real, decoded = figure.rows
    assert [i[0, 0, 0] for i in real.images] == [i[0, 0, 0] for i in decoded.images]
    assert sorted(i[0, 0, 0] for i in real.images) == [0, 40, 80, 120, 160, 200]
    # labels take turns, and the model is told each image's own
    assert [right for _, right in halves(decoded.images)] == [0, 0, 1, 0, 0, 1]


def test_only_images_of_the_given_labels(place):
    figure = session(place).reconstructions(count=2, labels=("star",))
    assert sorted(i[0, 0, 0] for i in figure.rows[0].images) == [80, 200]


def test_a_morph_goes_from_one_named_image_to_the_other(place):
    figure = session(place).morphs(count=1, steps=3, ends=("k0", "k5"), labels=())
    (row,) = figure.rows
    grey = 200 / 255  # of k5, a star; k0 is black, a bar
    expected = [(0, 0), (0, 0), (grey / 2, 0.5), (grey, 1), (grey, grey)]
    assert halves(row.images) == pytest.approx(np.round(expected, 2), abs=0.011)
    assert list(figure.columns) == ["A", "0", "0.5", "1", "B"]


def test_a_style_goes_through_the_labels(place):
    figure = session(place).styles(count=3, labels=())
    assert figure.columns == ["prototype", *LABELS]
    for row in figure.rows:
        grey = halves(row.images)[0][0]
        assert halves(row.images[1:]) == [(grey, 0), (grey, 0), (grey, 1)]


def test_a_style_of_attributes_turns_each_over(place):
    figure = session(place, "attributes").styles(count=2, labels=())
    assert figure.columns == ["prototype", "young", "smiling"]
    for row in figure.rows:  # everybody smiles
        assert [right for _, right in halves(row.images[1:])] == [1, 0]


def test_a_mix_has_its_weights_below_the_pure_labels(place):
    figure = session(place).mixes(count=4, labels=("bar", "star"), weights=(0.75, 0.25))
    assert [row.name for row in figure.rows] == ["bar", "star", "mix"]
    assert [halves(row.images)[0] for row in figure.rows] == [(0, 0), (0, 1), (0, 0.25)]
    for row in figure.rows:  # the same codes in each
        assert [left for left, _ in halves(row.images)] == [
            left for left, _ in halves(figure.rows[0].images)
        ]
    assert figure.title == "0.75 bar + 0.25 star"


def test_four_labels_make_a_bilinear_grid(place):
    figure = session(place).mixes(count=3, labels=("bar", "star", "ring", "bar"), weights=())
    (row,) = figure.rows
    assert [right for _, right in halves(row.images)] == [0, 0.5, 1, 0, 0.25, 0.5, 0, 0, 0]
    assert figure.width == 3


def test_a_traversal_takes_the_dimensions_by_kl(place):
    figure = session(place).traversals(count=8)
    assert [row.name for row in figure.rows] == ["z1", "z2", "z0"]
    kl = [4.5, 0.5, np.mean([(40 * n / 255) ** 2 / 2 for n in range(6)])]
    assert [row.note for row in figure.rows] == [f"KL {value:.2f} nats" for value in kl]
    z0 = [left for left, _ in halves(figure.rows[2].images)]
    assert z0 == [0] * 7 + [0.5, 1, 1, 1, 1, 1]  # from -3 to 3 in halves, cut off at 0 and 1
    figure = session(place, "ae").traversals(count=1)
    assert figure.rows[0].note.startswith("variance 0.0")


def test_a_decoder_alone_draws_codes_and_keeps_the_order(place):
    decoder = place / "runs" / "label" / "artifacts" / "Trainer" / "model" / "7" / "Format-Serving"
    alone = ModelSession(find(None, decoder), 0)
    figure = alone.traversals(count=2)
    assert [row.name for row in figure.rows] == ["z0", "z1"]
    figure = alone.styles(count=2, labels=("star", "bar"))
    assert figure.columns == ["star", "bar"]
    assert [right for _, right in halves(figure.rows[0].images)] == [1, 0]
    figure = alone.morphs(count=2, steps=4, ends=None, labels=())
    assert [len(row.images) for row in figure.rows] == [4, 4]


def test_the_newest_version_of_a_serving_directory(place, tmp_path):
    source = find(place / "runs" / "plain", None).decoder
    for version in ("9", "10", "11", "tmp"):
        (tmp_path / version).symlink_to(source)
    assert find(None, tmp_path) == FinishedRun(tmp_path / "11")


def test_a_run_that_was_moved_is_found_again(place, tmp_path):
    summary = json.loads((place / "runs" / "plain" / "summary.json").read_text())
    summary["artifacts"]["model"] = "/elsewhere/root/artifacts/Trainer/model/7"
    root = tmp_path / "root"
    root.mkdir()
    (root / "artifacts").symlink_to(place / "runs" / "plain" / "artifacts")
    (root / "summary.json").write_text(json.dumps(summary))
    assert find(root, None).decoder == root / "artifacts/Trainer/model/7/Format-Serving"


@pytest.fixture
def edited(place, tmp_path):
    """The root of a run like `plain`, with attribute vectors: `young` is z0, `smiling` z1."""
    vectors = np.float32([[2, 0, 0], [0, 3, 0]])
    some = np.array([0.7, 0.9])
    AttributeVectors(
        names=("young", "smiling"),
        kinds=("attribute",) * 2,
        positive=np.array([3, 3]),
        negative=np.array([3, 3]),
        vectors=vectors,
        standard_error=np.zeros((2, 3)),
        norm=np.array([2.0, 3.0]),
        norm_corrected=some,
        auc=some,
        auc_low=some,
        auc_high=some,
        accuracy=some,
        cosine=np.eye(2),
        orthogonalised={"young": (("smiling",), np.float32([0.6, 0, 0.8]))},
        split="train",
        held_out="test",
        model="",
        data="",
    ).save(str(tmp_path / "run" / "vectors"))
    summary = json.loads((place / "runs" / "plain" / "summary.json").read_text())
    summary["artifacts"]["attribute_vectors"] = str(tmp_path / "run" / "vectors")
    (tmp_path / "run" / "summary.json").write_text(json.dumps(summary))
    return tmp_path / "run"


def test_an_edit_moves_each_image_from_minus_4_to_4(edited):
    found = find(edited, None)
    assert edit_names(found) == ("smiling", "young")  # the best AUC first
    figure = ModelSession(found, 0).edits(count=2, attributes=("young", "smiling"))
    assert [row.name for row in figure.rows] == ["young", "", "smiling", ""]
    assert figure.columns == ["real", "-4", "-3", "-2", "-1", "0", "+1", "+2", "+3", "+4"]
    for young, smiling in zip(figure.rows[:2], figure.rows[2:], strict=True):
        grey = halves(young.images)[0][0]
        lefts = [left for left, _ in halves(young.images)]
        assert lefts[1:] == pytest.approx(np.clip(grey + np.arange(-4, 5), 0, 1), abs=0.011)
        assert [left for left, _ in halves(smiling.images)] == [grey] * 10


def test_an_edit_along_what_is_left_of_a_vector(edited):
    session = ModelSession(find(edited, None), 0)
    figure = session.edits(count=1, attributes=("young without smiling",))
    grey, *lefts = [left for left, _ in halves(figure.rows[0].images)]
    assert lefts == pytest.approx(np.clip(grey + 0.6 * np.arange(-4, 5), 0, 1), abs=0.011)


def test_the_names_of_edits_are_checked(edited, monkeypatch):
    monkeypatch.chdir(edited)
    result = call("edit", "--run", edited, "--attributes", "old")
    assert result.exit_code == 2
    assert result.output == "error: --attributes: got 'old', allowed: smiling, young\n"
    result = call("edit", "--run", edited, "--attributes", "smiling without young")
    assert result.exit_code == 2
    assert "allowed: young, smiling, young without smiling" in result.output
    assert not list(edited.glob("*.png"))


def test_a_run_without_attribute_vectors_has_nothing_to_edit(here):
    result = call("edit", "--run", "runs/plain")
    assert result.exit_code == 2
    assert "no attribute vectors, allowed: a model of data with attributes" in result.output


@pytest.mark.slow
def test_a_pushed_decoder_edits_codes_of_the_prior(edited, tmp_path, monkeypatch, drawn):
    from components.decoder_pusher.edit_signature import assemble

    vectors = AttributeVectors.load(str(edited / "vectors"))
    assemble(str(find(edited, None).decoder), vectors, str(tmp_path / "pushed"))
    monkeypatch.chdir(tmp_path)
    result = call("edit", "--decoder", tmp_path / "pushed", "--count", 2)
    assert result.output == "edit.png\n"
    assert Image.open(tmp_path / "edit.png").format == "PNG"
    (figure,) = drawn
    names = [row.name for row in figure.rows][::2]
    assert names == ["young", "smiling", "young without smiling"]
    assert [len(row.images) for row in figure.rows] == [9] * 6


WRONG = [
    (["sample", "--run", "nowhere"], "--run: got 'nowhere', allowed: the root of a run"),
    (["sample", "--decoder", "runs"], "--decoder: got 'runs', allowed: a pushed decoder"),
    (["sample", "--decoder", "x", "--run", "y"], "--run, --decoder: got both"),
    (["sample", "--count", "0"], "--count: got 0, allowed: 1 to 1000"),
    (["style", "--count", "101"], "--count: got 101, allowed: 1 to 100"),
    (["sample", "--seed", "-1"], "--seed: got -1, allowed: 0 to"),
    (["sample", "--output", "x.jpg"], "--output: got 'x.jpg', allowed: a file that ends in .png"),
    (["sample", "--output", "no/x.png"], "--output: got 'no/x.png', allowed: a file in a dir"),
    (["sample", "--labels", "cat"], "--labels: got 'cat', allowed: bar, ring, star"),
    (["reconstruct", "--labels", "cat"], "--labels: got 'cat', allowed: bar, ring, star"),
    (["reconstruct", "--count", "7"], "--count: asks for 7 images, allowed: the 6 there are"),
    (["sample", "--run", "runs/plain", "--labels", "bar"], "the vae takes no labels"),
    (["style", "--run", "runs/plain"], "the vae takes no labels, allowed: a conditional model"),
    (["mix", "--run", "runs/plain", "--labels", "a,b"], "the vae takes no labels"),
    (["mix", "--labels", "bar"], "--labels: got 'bar', allowed: at least two"),
    (["mix", "--labels", "bar,star", "--weights", "a"], "--weights: got 'a', allowed: numbers"),
    (["mix", "--labels", "bar,star", "--weights", "1"], "--weights: got '1', allowed: 2 numbers"),
    (["mix", "--labels", "bar,star", "--weights", ".5,.6"], "numbers that add up to 1"),
    (["mix", "--labels", "bar,star", "--weights", "1.5,-.5"], "numbers from 0 to 1"),
    (["morph", "--steps", "1"], "--steps: got 1, allowed: 2 to 100"),
    (["morph", "--from", "k1"], "--from, --to: got one of them"),
    (["morph", "--from", "k1", "--to", "k9"], "--to: got 'k9', allowed: a key of the split"),
    (["morph", "--from", "k1", "--to", "k2", "--labels", "bar"], "--labels: got labels besides"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "line"), WRONG, ids=lambda value: " ".join(value)[:40])
def test_wrong_calls_are_one_line_and_status_2(here, arguments, line):
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert result.output.startswith("error: ") and line in result.output
    assert len(result.output.splitlines()) == 1
    assert not list(here.glob("*.png"))


def test_an_autoencoders_decoder_alone_has_nothing_to_draw_from(here):
    decoder = "runs/ae/artifacts/Trainer/model/7/Format-Serving"
    result = call("morph", "--decoder", decoder)
    assert result.exit_code == 2
    assert result.output == "error: --decoder: an autoencoder has no prior, allowed: --run\n"


def test_no_run_at_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = call("sample")
    assert result.exit_code == 2
    assert "--run: no run under runs, allowed: the root of a finished run" in result.output


def test_a_wrong_call_starts_no_tensorflow(here):
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from pipeline.cli.main import main\n"
        "for call in (['mix', '-h'], ['mix', '--labels', 'bar,cat'], ['sample', '--run', 'x']):\n"
        "    CliRunner().invoke(main, call)\n"
        "heavy = {'tensorflow', 'keras', 'tfx', 'apache_beam', 'PIL', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
