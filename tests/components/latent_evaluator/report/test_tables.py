"""Slices, charts and tables from known numbers."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from components.latent_evaluator.report import charts, inputs, tables


def kept(**more):
    return {
        "key": np.array([b"a", b"b", b"c", b"d"], object),
        "image": np.zeros((4, 2, 2, 1), np.uint8),
        "squared_error": np.array([0.4, 0.04, 0.4, 0.04]),
        "reconstruction_loss": np.array([1.0, 2.0, 3.0, 4.0]),
        "kl_loss": np.array([1.0, 1.0, 2.0, 2.0]),
        "ssim": np.array([0.5, 0.7, 0.5, 0.9]),
        "cross_entropy": np.ones(4),
        "entropy": np.zeros(4),
        "z_log_var": np.zeros((4, 2)),
        **more,
    }


def test_scores_of_the_images_with_each_attribute():
    held = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0]])
    found = inputs.by_attribute(kept(attributes=held), ("Male", "Young", "Bald"))
    assert set(found) == {"Male", "Young"}  # nobody is bald
    assert found["Male"] == pytest.approx(
        {"count": 2, "elbo": -3.5, "reconstruction_loss": 2.0, "kl_loss": 1.5, "psnr": 10.0,
         "ssim": 0.5}
    )  # fmt: skip
    assert found["Young"]["psnr"] == pytest.approx(20.0)
    assert inputs.by_attribute(kept(), ("Male",)) == {}


def test_scores_by_the_country_that_stands_in_the_shards(tmp_path):
    path = str(tmp_path / "examples.gz")
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for key, country in ((b"d", b"DE"), (b"a", b"US"), (b"other", b"FR"), (b"b", b"US")):
            values = {"key": [key], "countrycode": [country]}
            feature = {
                name: tf.train.Feature(bytes_list=tf.train.BytesList(value=value))
                for name, value in values.items()
            }
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            writer.write(example.SerializeToString())
    found = inputs.by_country(kept(), [path])
    assert {name: scores["count"] for name, scores in found.items()} == {"DE": 1, "US": 2}
    assert found["DE"]["elbo"] == -6.0


def test_slices_begin_with_the_worst_and_one_alone_is_none():
    named = {"cat": {"count": 3, "psnr": 20.0}, "dog": {"count": 1500, "psnr": 10.0}}
    (table,) = tables.slices({"label": named, "country": {"US": {"count": 1, "psnr": 1.0}}})
    assert (table.kind, table.columns) == ("label", ["PSNR"])
    assert table.rows == [("dog", "1,500", ["10.00"], 0.5), ("cat", "3", ["20.00"], 1.0)]


def test_the_data_card_counts_and_leaves_paths_out(make_inputs):
    card = tables.data_card(make_inputs("drawings").manifest)
    entries = dict(card.entries)
    assert entries["rejected"] == "1 (1 not an image)"
    assert entries["prepared with"] == "image_size 16"
    assert [(bar.name, bar.text) for bar in card.labels] == [
        ("bar", "18 (50.0%)"),
        ("ring", "18 (50.0%)"),
    ]


def test_a_curve_ends_where_the_last_epoch_is(make_inputs):
    loss, kl = charts.curves(make_inputs().history)
    assert (loss.name, loss.last_train, loss.last_validation) == ("loss", "25", "27.5")
    right, bottom = charts.WIDTH - charts.RIGHT, charts.HEIGHT - charts.BOTTOM
    assert loss.train.split()[-1] == f"{right:.1f},{bottom:.1f}"  # 25 is the least
    assert loss.train.split()[0].startswith(f"{charts.LEFT:.1f},")
    assert kl.validation == "" and kl.name == "KL"
    assert loss.exported == pytest.approx(charts.LEFT + 2 / 3 * (right - charts.LEFT), abs=0.1)
    assert charts.curves({"epochs": [{"epoch": 1, "loss": 1.0}]}) == []
    assert [curve.name for curve in charts.curves(make_inputs().history, {"loss"})] == ["KL"]


def test_a_histogram_of_a_normal_has_the_height_of_the_line():
    edges = np.linspace(-4, 4, 41)
    normal = np.exp(-(((edges[:-1] + edges[1:]) / 2) ** 2) / 2)
    found = {"ks_statistic": [0.0], "mean": [0.0], "std": [1.0]}
    found["histogram"] = {"edges": edges.tolist(), "counts": [(normal * 1000).tolist()]}
    (chart,) = charts.histograms(found, [0])

    def top(path):
        numbers = path.replace("M", " ").replace("L", " ").replace("Z", " ").split()
        return min(float(y) for y in numbers[1::2])

    assert top(chart.bars) == pytest.approx(top(chart.normal), abs=0.5)


def test_the_heat_map_puts_similar_vectors_beside_each_other(make_inputs):
    vectors = make_inputs().vectors
    cosine = np.array(
        [[1, -0.2, 0.9, np.nan], [-0.2, 1, 0, np.nan], [0.9, 0, 1, np.nan], [np.nan] * 4]
    )
    found = charts.heat_map(dataclasses.replace(vectors, cosine=cosine))
    assert set(found.names) == set(vectors.names[:3])
    assert abs(found.names.index("Smiling") - found.names.index(vectors.names[2])) == 1
    assert found.strongest.endswith("+0.90")
    assert len(found.cells) == 3 + 2 * 2  # without the pair whose cosine is 0
    assert {sign for *_, sign, _ in found.cells} == {"plus", "minus"}


@pytest.mark.parametrize(
    ("value", "before", "interval", "words", "verdict"),
    [
        (-10.0, -12.0, [-11.0, -9.0], "2.0 better", "better"),
        (-12.0, -10.0, [-13.0, -11.0], "2.0 worse", "worse"),
        (-12.0, -10.0, [-14.0, -9.0], "2.0 worse, within the interval", "even"),
        (-10.0, -10.0, None, "the same", "even"),
        (float("nan"), -10.0, None, "", ""),
    ],
)
def test_a_change_counts_beyond_the_interval(value, before, interval, words, verdict):
    candidate = {"elbo": value, "elbo_interval": interval}
    ((_, (line,)),) = tables.metrics(candidate, {"elbo": before})
    assert (line.change, line.verdict) == (words, verdict)
    assert line.value == ("not finite" if value != value else f"−{-value:.1f}")


def test_a_history_that_is_not_there_is_none(tmp_path):
    assert inputs.read_history(str(tmp_path)) is None
    (tmp_path / "history.json").write_text(json.dumps({"epochs": []}))
    assert inputs.read_history(str(tmp_path)) == {"epochs": []}
