"""What is left of a search, as files."""

import json

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest
from PIL import Image

from components.tuner.pareto import draw, front
from components.tuner.trials import COLUMNS, read_report, write_trials
from data_prep.config_base import parse
from trainer.config import ModelConfig, TrainerConfig
from trainer.tuning.config import SearchSpec, TunerConfig
from trainer.tuning.objective import METRICS
from trainer.tuning.selection import select
from trainer.tuning.trial_store import Trial


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], []),
        ([(1, 1)], [0]),
        ([(3, 1), (1, 3), (2, 2), (2, 3), (3, 3)], [1, 2, 0]),
        ([(1, 1), (1, 1), (1, 2), (2, 1)], [0, 1]),
        ([(2, 5), (1, 5)], [1]),
    ],
)
def test_the_pareto_front(points, expected):
    rates, distortions = [x for x, _ in points], [y for _, y in points]
    assert front(rates, distortions) == expected


def test_the_plot_is_the_same_every_time_and_shows_each_trial():
    names = ("trial", "rank", "score", "beta", "val_kl_loss", "val_reconstruction_loss")
    points = [(1, 1, 0.5, 0.5, 20, 50), (2, 2, 1.0, 1, 10, 60), (3, 3, 1.5, 4, 5, 90)]
    rows = [dict(zip(names, point, strict=True)) for point in points]
    rows[0] |= {"within_noise": True, "chosen": False}
    rows[1] |= {"within_noise": True, "chosen": True}
    rows.append({"trial": 4, "rank": None, "score": None, "beta": 8, "val_kl_loss": None})
    png, svg = draw(rows, "val_elbo", ["beta"])
    assert (png, svg) == draw(rows, "val_elbo", ["beta"])
    assert png.startswith(b"\x89PNG") and svg.startswith("<svg") and "<script" not in svg
    for text in ("1: beta 0.5", "2: beta 1", "3: beta 4", "Pareto front", "val elbo"):
        assert text in svg
    for text in ("chosen trial", "within noise of the best"):
        assert text in svg and text not in draw([rows[2]], "val_elbo", ["beta"])[1]
    assert "4: beta" not in svg
    assert "no trial has a rate" in draw(rows[3:], "val_elbo", ["beta"])[1]


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("trials")
    space = {"beta": {"min": 0.1, "max": 4}, "latent_dim": {"choices": [2, 4]}}
    plan = SearchSpec(
        directory=str(tmp_path / "search"),
        arrays="",
        config=TrainerConfig(model=ModelConfig(width=0.5)),
        tuner=parse(TunerConfig, {"space": space, "repeat_best": 2, "repeat_seeds": 1}),
    )
    trials = []
    for number, (beta, score) in enumerate([(2.0, 0.7), (0.5, 0.9), (1.0, None)], start=1):
        folder = tmp_path / "search" / f"trial_{number}"
        folder.mkdir(parents=True)
        metrics = dict.fromkeys(METRICS) | {"val_kl_loss": beta, "val_reconstruction_loss": 1.0}
        if score is not None:
            strip = np.full((8, 16 * 8), 10 * number, np.uint8)
            Image.fromarray(strip).save(folder / "strip.png")
        trials.append(
            Trial(
                number=number,
                state="completed" if score else "failed",
                values={"beta": beta, "latent_dim": 4},
                score=score,
                metrics=metrics if score else {},
                epochs=3,
                seconds=1.5,
                message="" if score else "out of memory, <b>twice</b>",
                directory=str(folder),
            )
        )
    repeats = [
        Trial(number=n, repeat=1, state="completed", values=trials[n - 1].values, score=score,
              seconds=2.0)
        for n, score in ((1, 0.5), (2, 1.1))
    ]  # fmt: skip
    write_trials(select(trials, repeats, plan.tuner), plan, str(tmp_path / "artifact"))
    return tmp_path / "artifact"


def test_every_trial_is_a_row_in_both_tables(artifact):
    table = pyarrow.parquet.read_table(artifact / "trials.parquet")
    assert table.schema.equals(COLUMNS)
    assert set(METRICS) < set(table.column_names)
    rows = table.to_pylist()
    assert [(r["trial"], r["rank"], r["score"], r["beta"], r["width"]) for r in rows] == [
        (1, 1, 0.7, 2.0, 0.5),
        (2, 2, 0.9, 0.5, 0.5),
        (3, None, None, 1.0, 0.5),
    ]
    assert [(r["runs"], r["within_noise"], r["chosen"]) for r in rows] == [
        (2, True, True),
        (2, True, False),
        (0, None, False),
    ]
    assert [r["mean"] for r in rows[:2]] == pytest.approx([0.6, 1.0]) and rows[2]["mean"] is None
    # both deviations are .02 ** .5, with one degree of freedom each
    assert rows[0]["standard_error"] == rows[1]["standard_error"] == pytest.approx(0.1)
    assert rows[0]["gamma"] is None and rows[0]["learning_rate"] == 0.001
    assert rows[2]["message"].startswith("out of memory")
    assert pyarrow.csv.read_csv(artifact / "trials.csv").column_names == table.column_names


def test_strips_and_the_search_itself_are_kept(artifact):
    search = json.loads((artifact / "search.json").read_text())
    assert search["objective"] == "samples_and_reconstruction" and search["maximize"] is False
    assert search["searched"] == ["beta", "latent_dim"] and search["best_trial"] == 1
    assert search["noise"]["standard_deviation"] == pytest.approx(0.02**0.5)
    assert search["noise"]["degrees_of_freedom"] == 2
    assert search["noise"]["gap"] == pytest.approx(0.4)
    assert [(each["trial"], each["score"]) for each in search["repeats"]] == [(1, 0.5), (2, 1.1)]
    assert sorted(path.name for path in (artifact / "strips").iterdir()) == [
        "trial-001.png",
        "trial-002.png",
    ]
    assert Image.open(artifact / "strips.png").width > 16 * 8


def test_a_report_can_embed_it(artifact):
    report = read_report(str(artifact))
    assert [row["trial"] for row in report.rows] == [1, 2, 3]
    assert report.searched == ("beta", "latent_dim")
    assert report.noise.startswith("noise of a run 0.14 (2 degrees of freedom), gap between")
    assert report.pareto_svg.startswith("<svg")
    assert set(report.strips) == {1, 2}
    assert report.strips[1].startswith("data:image/png;base64,")
