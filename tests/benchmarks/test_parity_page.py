"""docs/parity.md: what is said of a row rests on all of its declared seeds."""

import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "parity"))
import models
import networks
import report
import results
from rows import ROWS, SHORT_MINUTES, SHORT_SEEDS, Row
from verdicts import agreed, interval, spread, verdict


def test_a_row_needs_three_seeds():
    with pytest.raises(ValueError, match="row one: 2 seeds, allowed: 3 or more"):
        Row(name="one", preset="", data="", seeds=(0, 1, 1))


def test_short_rows_declare_five_seeds():
    for name, each in results.read_all().items():
        seconds = [sum(epoch.get("cpu_seconds", math.inf) for epoch in run["epochs"])
                   for run in each.each]  # fmt: skip
        if max(seconds) < 60 * SHORT_MINUTES:
            assert len(ROWS[name].seeds) >= SHORT_SEEDS, name


def test_an_interval_holds_the_mean_as_often_as_it_says():
    draws = np.random.default_rng(0).normal(100, 2, (2000, 3))
    held = [abs(each.mean - 100) <= each.half for each in map(interval, draws)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize(
    ("ours", "words"),
    [
        ([99.0, 99.1, 99.2], "reached (-0.9%, -1.1% to -0.7%)"),
        ([100.1, 100.15, 100.2], "within 0.5% (+0.1%, +0.0% to +0.3%)"),
        ([101.0, 101.1, 101.2], "not reached (+1.1%, +0.9% to +1.3%)"),
        # one good seed of three, or a good mean of seeds far apart, is not enough
        ([90.0, 101.0, 102.0], "not answered: the seeds differ too much (-2.3%, -18.9% to +14.2%)"),
        ([99.0, 99.4, 100.9], "not answered: the seeds differ too much (-0.2%, -2.7% to +2.3%)"),
    ],
)
def test_a_verdict_respects_the_spread(ours, words):
    assert verdict(ours, 100.0, missing=()) == words


def test_a_recipe_that_is_one_percent_worse_is_rarely_called_reached():
    random = np.random.default_rng(1)
    for worse, most in ((0.0, 0.05), (1.0, 0.03)):
        runs = random.normal(100 + worse, 1.0, (1000, 3))
        words = [verdict(each, 100.0, missing=()) for each in runs]
        assert np.mean([each.startswith("reached") for each in words]) < most


def test_nothing_is_answered_before_every_declared_seed_has_been_run():
    assert verdict([90.0], 100.0, missing=(1, 2)) == "not answered: 1 run (-10.0%)"
    assert verdict([90.0, 90.1], 100.0, missing=(2,)) == "not answered: 2 runs (-10.0%)"
    assert agreed(["yes", "yes"], missing=(2,)) == "not answered: 2 runs"
    assert agreed(["yes", "yes", "yes"], missing=()) == "yes"
    assert agreed(["yes", "no", "yes"], missing=()) == ("not answered: the seeds say yes, no, yes")


def test_spread():
    assert spread([1.0]) == "1.00"
    assert spread([1.0, 2.0, 3.0], ".1f") == "2.0 ± 1.0"


def of(name: str, *losses: float, **more) -> results.Results:
    """Results of a row, one epoch and one seed for each loss."""
    recipe = {"model": {"condition": "label", "latent_dim": 2}}
    runs = {
        seed: {"recipe": recipe, "seconds": 60, "images": 10, "held_out": 5,
               "epochs": [{"epoch": 1, "val_loss": loss, "val_kl_loss": 1.0}], **more}
        for seed, loss in enumerate(losses)
    }  # fmt: skip
    return results.Results(ROWS[name], runs)


def test_every_declared_seed_is_counted_or_named_as_missing():
    assert of("mnist_vae", 1, 2, 3).seeds() == "3 seeds"
    assert of("mnist_vae", 1).seeds() == "1 run (of 3 seeds; not run: 1, 2)"
    whole = report.render({"mnist_vae": of("mnist_vae", 150.1, 150.2, 150.0)})
    assert "150.10 ± 0.10, KL 1.00 ± 0.00; 3 seeds" in whole
    part = report.render({"mnist_vae": of("mnist_vae", 149.0)})
    assert "not run: 1, 2" in part and "not answered: 1 run (-0.9%)" in part
    for name in set(ROWS) - {"mnist_vae"}:
        assert f"- `{name}`: not trained yet." in part


def test_the_page_is_that_of_the_results():
    page = (report.DOCS / "parity.md").read_text(encoding="utf-8")
    assert page == report.render(results.read_all())


def test_the_page_answers_nothing_by_one_run():
    page = (report.DOCS / "parity.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if re.search(r"\b1 run \(of", line)]
    answers = ("reached", "within 0.5", " yes", " no ", "kept |", "seen |", "nearly |")
    for line in lines:
        last = line.rstrip("| ").rsplit("|", 1)[-1] + " |"
        assert "not answered" in last or not any(word in last for word in answers), line


def test_results_come_back_as_they_were_kept(tmp_path):
    kept = of("cats_ae", 3.0, 2.0)
    results.keep(kept, tmp_path)
    assert results.read(ROWS["cats_ae"], tmp_path) == kept
    assert kept.missing == [2, 3, 4]
    assert kept.at("val_loss").tolist() == [3.0, 2.0]


def test_what_is_kept_of_a_history():
    history = {
        "recipe": {}, "seconds": 1, "images": 2, "held_out": 3,
        "epochs": [{"epoch": 1, "seconds": 0.1, "val_loss": 1.23456789, "elbo": 3.0}],
    }  # fmt: skip
    assert results.of_history(history)["epochs"] == [{"epoch": 1, "val_loss": 1.23457}]


def test_celeba_in_the_units_of_the_source():
    values, mse = 12_288, 0.02296
    loss = 0.5 * (mse * values + values * math.log(2 * math.pi))
    weighted, kl = report.as_published({"reconstruction_loss": loss, "kl_loss": 17.29})
    assert weighted == pytest.approx(45.92) and kl == 17.29


@pytest.mark.parametrize(
    ("linear", "neighbours", "answer"),
    [(0.10, 0.105, "yes"), (0.12, 0.14, "nearly"), (0.14, 0.1, "nearly"), (0.12, 0.3, "no")],
)
def test_the_better_probe_answers(linear, neighbours, answer):
    found = {"linear": linear, "neighbours": neighbours, "chance": 0.1}
    assert models.independence(found) == answer


def made(mse: float, sharpness: float, fidelity: float = 0.9) -> dict[str, float]:
    return {"mse": mse, "sharpness": sharpness, "fidelity": fidelity}


def test_the_claim_about_gamma():
    both = [made(0.06, 1.0), made(0.05, 0.9), made(0.04, 0.8)]
    assert models.gamma_effect(both) == "content seen, style seen"
    neither = [made(0.06, 0.8), made(0.05, 0.9), made(0.07, 0.7)]
    assert models.gamma_effect(neither) == "content not seen, style not seen"


def test_the_claim_about_the_l_layer():
    better, worse = made(0.04, 0.9, 0.95), made(0.05, 0.7, 0.9)
    assert models.better_in(better, worse) == "yes"
    assert models.better_in(worse, better) == "no"
    assert models.better_in(made(0.04, 1.5, 0.8), worse) == "in 1 of 3: reconstruction MSE"


def network(*epochs: tuple[float, float]) -> dict:
    """A run of (val_loss, processor seconds) by epoch."""
    return {"epochs": [{"epoch": n, "val_loss": loss, "cpu_seconds": seconds}
                       for n, (loss, seconds) in enumerate(epochs, 1)]}  # fmt: skip


def test_networks_are_compared_at_equal_time_and_by_the_epoch_that_is_exported():
    fast = [network((5.0 + s, 10), (2.0 + s, 10), (9.0, 10)) for s in (0, 0.1, 0.2)]
    slow = [network((4.0 + s, 20), (1.0, 20)) for s in (0, 0.1, 0.2)]
    assert networks.best_within(fast[0], 30)["epoch"] == 2
    assert networks.best_within(slow[0], 30)["epoch"] == 1
    compared = {
        name: results.Results(ROWS["conv_32_24"], dict(enumerate(runs)))
        for name, runs in (("fast", fast), ("slow", slow))
    }
    (answer,) = networks.answers(compared, 30)
    assert answer == "`fast` against `slow`: -2 nats (-2 to -2), `fast` has the lower one"
    compared["slow"].runs[2] = network((9.0, 20))
    assert "the seeds differ too much" in next(networks.answers(compared, 30))
    del compared["slow"].runs[2]
    assert "seeds are missing" in next(networks.answers(compared, 30))
