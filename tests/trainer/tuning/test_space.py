"""What may be searched, and what is refused before anything runs."""

import dataclasses

import pytest

from data_prep.config_base import parse, to_dict
from data_prep.errors import InputError
from trainer.config import GanConfig, ModelConfig, TrainConfig, TrainerConfig
from trainer.config.hyperparameters import SEARCHED, searched_values, values_of, with_values
from trainer.data.shape import DataShape
from trainer.data.training_inputs import tuned
from trainer.tuning.config import SearchSpace, TunerConfig, check_space, check_tuner

GAN = TrainerConfig(model=ModelConfig(family="vae_gan", gan=GanConfig(gamma=7)))


def config(**values):
    return parse(TunerConfig, {"enabled": True, **values}, "tuner")


def test_values_go_to_their_places_and_nothing_else_changes():
    values = {
        "beta": 2.5,
        "latent_dim": 7.0,
        "learning_rate": 0.01,
        "batch_size": 32.0,
        "width": 0.5,
        "gamma": 3.0,
        "tuner/epochs": 9,
    }
    found = with_values(GAN, values)
    assert found == TrainerConfig(
        model=ModelConfig(
            family="vae_gan", beta=2.5, latent_dim=7, width=0.5, gan=GanConfig(gamma=3.0)
        ),
        train=TrainConfig(learning_rate=0.01, batch_size=32),
    )
    assert isinstance(found.model.latent_dim, int) and isinstance(found.train.batch_size, int)
    assert values_of(found) == searched_values(values)
    assert list(searched_values(values)) == list(SEARCHED)


def test_what_a_model_has_no_use_for_has_no_value():
    plain = values_of(TrainerConfig(model=ModelConfig(family="ae")))
    assert plain["beta"] is None and plain["gamma"] is None and plain["latent_dim"] == 2


def test_a_value_that_went_through_32_bits_is_the_same_value():
    """keras-tuner sends values to its workers as 32-bit numbers."""
    import numpy as np

    value = 0.0012345678901
    sent = {"learning_rate": float(np.float32(value))}
    assert sent["learning_rate"] != value
    assert with_values(GAN, sent) == with_values(GAN, {"learning_rate": value})


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({}, r"tuner\.space: got \{\}, allowed: a range for one or more of beta"),
        ({"beta": {"min": 3, "max": 1}}, r"space\.beta\.min: got 3\.0, allowed: less than max"),
        ({"beta": {"min": 1, "max": 1}}, r"space\.beta\.min: .*less than max"),
        ({"beta": {"min": 1}}, r"space\.beta\.max: got None, allowed: a number, or use choices"),
        ({"beta": {"min": 1, "max": 2, "choices": [1]}}, r"space\.beta\.choices: .*not both"),
        ({"beta": {"choices": [1, 1.0]}}, r"space\.beta\.choices: .*different numbers"),
        ({"beta": {"choices": [1]}}, r"space: got .*more than one combination"),
        ({"beta": {"min": 0, "max": 2, "scale": "log"}}, r"space\.beta\.min: .*above 0 on a log"),
        ({"beta": {"min": 1, "max": 2, "scale": "cubic"}}, r"scale: got 'cubic', .*linear, log"),
        ({"beta": {"min": 1, "max": 9, "scale": "log", "step": 1}}, r"step: got 1\.0, .*above 1"),
        ({"beta": {"min": -1, "max": 2}}, r"space\.beta: beta: got -1\.0"),
        ({"beta": {"min": 1, "max": float("inf")}}, r"space\.beta\.max: got inf"),
        ({"latent_dim": {"choices": [2, 5000]}}, r"space\.latent_dim: .*got 5000, allowed: 1 to"),
        ({"latent_dim": {"choices": [2, 2.5]}}, r"space\.latent_dim\.choices: .*whole numbers"),
        ({"latent_dim": {"min": 0, "max": 9}}, r"space\.latent_dim: .*got 0, allowed: 1 to"),
        ({"learning_rate": {"min": 0, "max": 0.1}}, r"space\.learning_rate: .*got 0\.0"),
        ({"learning_rate": {"min": 1, "max": 11}}, r"space\.learning_rate: .*got 11\.0"),
        ({"batch_size": {"choices": [0, 8]}}, r"space\.batch_size: .*got 0, allowed: 1 to"),
        ({"width": {"min": 1, "max": 100}}, r"space\.width: .*got 100\.0, allowed: 0\.125 to 8"),
        ({"gamma": {"min": 0.1, "max": 9}}, r"space\.gamma: .*family vae, only with vae_gan"),
        ({"betta": {"min": 1, "max": 2}}, r"space\.betta: unknown key; did you mean .*beta"),
    ],
)
def test_an_empty_contradictory_or_impossible_space_is_refused(space, message):
    with pytest.raises(InputError, match=message):
        check_tuner(config(space=space), TrainerConfig())


def test_every_value_of_a_range_is_tried_on_the_architecture():
    """The latent of two_branch_4 at 32x32 is a map of 4 cells: 10 lies between 8 and 12."""
    settings = TrainerConfig(model=ModelConfig(architecture="two_branch_4", latent_dim=8))
    multiples = {"latent_dim": {"min": 8, "max": 64, "step": 8}}
    check_space(parse(SearchSpace, multiples), settings)
    with pytest.raises(InputError, match=r"space\.latent_dim: .*got 9, .*multiple of 4"):
        check_space(parse(SearchSpace, {"latent_dim": {"min": 8, "max": 64}}), settings)


def test_what_the_model_has_no_use_for_cannot_be_searched():
    autoencoder = TrainerConfig(model=ModelConfig(family="ae"))
    with pytest.raises(InputError, match=r"space\.beta: .*family ae, which has no KL"):
        check_tuner(config(), autoencoder)
    width = {"width": {"choices": [0.5, 1]}}
    with pytest.raises(InputError, match=r"tuner\.objective: got 'val_elbo'.*no KL"):
        check_tuner(config(space=width, objective="val_elbo"), autoencoder)
    check_tuner(config(space=width), autoencoder)


def test_a_warm_start_has_one_shape():
    warm = TrainerConfig(train=TrainConfig(warm_start=True))
    with pytest.raises(InputError, match=r"space\.latent_dim: .*warm_start"):
        check_tuner(config(space={"latent_dim": {"choices": [2, 4]}}), warm)
    check_tuner(config(), warm)


def test_an_objective_that_needs_names_is_refused_without():
    asked = config(objective="attribute_auc")
    with pytest.raises(InputError, match=r"tuner\.objective: got 'attribute_auc'"):
        check_tuner(asked, TrainerConfig(), DataShape())
    check_tuner(asked, TrainerConfig(), DataShape(labels=("cat",)))
    check_tuner(asked, TrainerConfig(), DataShape(labels=None))  # words that only reading tells
    check_tuner(config(objective="cfid"), TrainerConfig(), DataShape())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"objective": "loss"}, r"tuner\.objective: got 'loss', allowed: samples_and_recon"),
        ({"algorithm": "grid"}, r"tuner\.algorithm: got 'grid', allowed: bayesian, hyperband"),
        ({"max_trials": 0}, r"tuner\.max_trials: got 0, allowed: 1 to"),
        ({"data_fraction": 0}, r"tuner\.data_fraction: got 0\.0, allowed: a fraction above 0"),
        ({"data_fraction": 1.5}, r"tuner\.data_fraction: got 1\.5"),
        ({"epochs": 0}, r"tuner\.epochs: got 0"),
        ({"reconstruction_weight": -1}, r"tuner\.reconstruction_weight: got -1"),
        ({"rate": 0}, r"tuner\.rate: got 0"),
        ({"repeat_best": -1}, r"tuner\.repeat_best: got -1, allowed: 0 \(none\) to 100 trials"),
        ({"repeat_seeds": 101}, r"tuner\.repeat_seeds: got 101, allowed: 0 \(none\) to 100 other"),
        ({"noise": -0.1}, r"tuner\.noise: got -0\.1, allowed: a number of at least 0"),
        ({"best_hyperparameters": "x"}, r"tuner\.best_hyperparameters: got 'x', allowed: nothing"),
    ],
)
def test_impossible_searches_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        config(**values)


def test_what_changes_no_trial_changes_no_search():
    one = config(max_trials=5, parallel_trials=2, overrides={"beta": 2}, repeat_best=0)
    assert one.of_trials() == config(max_trials=50).of_trials()
    assert one.of_trials() == config(repeat_seeds=4).of_trials()
    assert one.of_trials() != config(epochs=3).of_trials()
    assert one.of_trials() != config(noise=0.1).of_trials()
    assert parse(TunerConfig, to_dict(one)) == one


def test_trials_are_trained_briefly_draw_nothing_and_track_nothing():
    train = TrainConfig(epochs=90, early_stopping_patience=3, warm_start=True, batch_size=8)
    found = config(epochs=4).trial_config(TrainerConfig(train=train)).train
    assert found == TrainConfig(epochs=4, batch_size=8, pictures=False, trackers=())


def test_overrides_stand_above_what_was_found_above_what_is_configured():
    settings = TrainerConfig(model=ModelConfig(beta=1, latent_dim=4))
    found = {"space": [], "values": {"beta": 2.0, "latent_dim": 8, "tuner/epochs": 3}}
    assert tuned(settings, None, None) == settings
    model = tuned(settings, found, {"beta": 5.0}).model
    assert (model.beta, model.latent_dim) == (5.0, 8)
    assert dataclasses.replace(model, beta=1.0, latent_dim=4) == settings.model


@pytest.mark.parametrize("found", [{}, {"values": 3}, {"values": {"beta": "much"}}])
def test_hyperparameters_that_are_none_are_refused(found):
    with pytest.raises(InputError, match=r"tuner\.best_hyperparameters"):
        tuned(TrainerConfig(), found, None)


def test_an_override_that_is_impossible_is_refused():
    with pytest.raises(InputError, match=r"tuner\.overrides: .*got -1"):
        check_tuner(config(overrides={"beta": -1}), TrainerConfig())
