"""Three networks, of which each learns from its own loss alone."""

import keras
import numpy as np
import pytest
from keras import ops

from trainer.config import GanConfig, ImageShape, ModelConfig, TrainerConfig
from trainer.models import losses
from trainer.models.registry import build_model
from trainer.training.optimizers import make_optimizer

BATCH = {
    "image": np.random.default_rng(0).integers(0, 256, (8, 8, 8, 1), np.uint8),
    "label_index": np.arange(8) % 2,
}


def build(condition="none", architecture="conv_32", optimizer="rmsprop", rate=1e-3, **gan):
    settings = TrainerConfig(
        image=ImageShape(height=8, width=8),
        model=ModelConfig(
            family="vae_gan",
            architecture=architecture,
            condition=condition,
            latent_dim=3,
            gan=GanConfig(**({"turns": "together"} | gan)),
        ),
        labels=("bar", "ring"),
    )
    keras.utils.set_random_seed(1)
    model = build_model(settings)
    model.compile(optimizer=make_optimizer(model, optimizer, rate), jit_compile=False)
    return model


def weights_of(model):
    return {
        name: [np.array(v) for v in weights]
        for name, (weights, _) in model.optimizer_groups.items()
    }


def moved(model, step):
    """The networks whose weights `step` changes."""
    before = weights_of(model)
    step()
    after = weights_of(model)
    return {
        name
        for name in before
        if any(not np.array_equal(a, b) for a, b in zip(before[name], after[name], strict=True))
    }


@pytest.mark.parametrize("condition", ["none", "label"])
@pytest.mark.parametrize("network", ["encoder", "decoder", "discriminator"])
def test_each_loss_moves_the_weights_of_its_own_player_alone(monkeypatch, network, condition):
    model = build(condition)

    def only(config, state):
        names = ("encoder", "decoder", "discriminator")
        return {name: ops.cast(name == network, "float32") for name in names}

    monkeypatch.setattr("trainer.models.update_schedule.masks", only)
    assert moved(model, lambda: model.train_on_batch(BATCH)) == {network}


def test_every_player_moves_when_all_learn_together():
    model = build()
    assert moved(model, lambda: model.train_on_batch(BATCH)) == set(model.optimizer_groups)


def test_one_gradient_is_that_of_the_three_losses_taken_apart():
    """Against plain TensorFlow: three tapes, three lists of variables."""
    import tensorflow as tf

    model = build(gamma=0.5)
    noise = np.random.default_rng(2).normal(size=(8, 3)).astype(np.float32)
    model.draw_noise = lambda like: noise
    with tf.GradientTape() as tape:
        loss = model.compute_loss(y_pred=model(BATCH, training=True), training=True)
    ours = tape.gradient(loss, [v.value for v in model.trainable_variables])
    by_name = dict(zip([v.path for v in model.trainable_variables], ours, strict=True))

    with tf.GradientTape(persistent=True) as tape:
        pixels = model.scale(BATCH["image"])
        z_mean, z_log_var = model.encoder(pixels)
        made = tf.sigmoid(model.decoder(z_mean + tf.exp(0.5 * z_log_var) * noise))
        d_real, l_real = model.discriminator(pixels)
        d_made, l_made = model.discriminator(made)
        d_sampled, _ = model.discriminator(tf.sigmoid(model.decoder(noise)))
        gan = -0.25 * (
            tf.math.log(tf.sigmoid(d_real))
            + 2 * tf.math.log(1 - tf.sigmoid(d_sampled))
            + tf.math.log(1 - tf.sigmoid(d_made))
        )
        like = tf.reduce_sum(
            tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.sigmoid(l_real), logits=l_made), 1
        )
        # the real image's features are the target: they are no way for the loss to fall
        prior = losses.kl_divergence(z_mean, z_log_var)
        each = {
            "encoder": tf.reduce_mean(like + prior),
            "decoder": tf.reduce_mean(0.5 * like - gan),
            "discriminator": tf.reduce_mean(gan),
        }
    for name, (weights, _) in model.optimizer_groups.items():
        expected = tape.gradient(each[name], [v.value for v in weights])
        for variable, gradient in zip(weights, expected, strict=True):
            np.testing.assert_allclose(
                by_name[variable.path], gradient, rtol=1e-3, atol=1e-5, err_msg=variable.path
            )


def test_the_signs_of_the_adversarial_loss():
    """A step of the discriminator lowers L_GAN, one of the decoder raises it."""
    sure, fooled = 4.0 * np.ones(1), -4.0 * np.ones(1)
    right = float(losses.gan(sure, fooled, fooled)[0])
    wrong = float(losses.gan(fooled, sure, sure)[0])
    guess = float(losses.gan(0 * sure, 0 * sure, 0 * sure)[0])
    assert right < guess < wrong
    assert guess == pytest.approx(np.log(2))
    # softplus(-4) = 0.01815, softplus(4) = 4.01815; the weights are 1/4, 1/4 and 1/2
    assert right == pytest.approx(0.01815, abs=1e-5) and wrong == pytest.approx(4.01815, abs=1e-5)

    for rates, network, direction in (
        ({"decoder_rate": 1e-9}, "discriminator", -1),
        ({"discriminator_rate": 1e-9, "gamma": 0.0}, "decoder", 1),
    ):
        model = build(rate=1e-3, **rates)
        noise = np.random.default_rng(2).normal(size=(8, 3)).astype(np.float32)
        model.draw_noise = lambda like, noise=noise: noise
        first = model.test_on_batch(BATCH, return_dict=True)["discriminator_loss"]
        for _ in range(5):
            model.train_on_batch(BATCH)
        model.reset_metrics()
        last = model.test_on_batch(BATCH, return_dict=True)["discriminator_loss"]
        assert (last - first) * direction > 0, network


def test_similarities():
    real, made = np.array([[0.0, 1.0]]), np.array([[2.0, 1.0]])
    assert float(losses.similarity("squared_error", real, made)[0]) == pytest.approx(2.0)
    p = 1 / (1 + np.exp(-real))
    q = 1 / (1 + np.exp(-made))
    expected = -(p * np.log(q) + (1 - p) * np.log(1 - q)).sum()
    assert float(losses.similarity("cross_entropy", real, made)[0]) == pytest.approx(expected)


def test_metrics_say_what_the_discriminator_thinks():
    model = build(architecture="conv_28")
    found = model.test_on_batch(BATCH, return_dict=True)
    assert 0.3 < found["d_real"] < 0.7 and 0.3 < found["d_fake"] < 0.7
    assert found["discriminator_loss"] == pytest.approx(np.log(2), abs=0.1)
    assert found["generator_loss"] == pytest.approx(-found["discriminator_loss"], abs=1e-4)
    assert found["loss"] == pytest.approx(2 * found["feature_loss"] + found["kl_loss"], rel=0.01)


def test_the_optimizer_holds_its_own_variables_and_no_weight_of_the_model():
    model = build()
    weights = {id(variable) for variable in model.variables}
    assert not [variable for variable in model.optimizer.variables if id(variable) in weights]


def test_networks_have_their_own_rates_and_moments():
    model = build(decoder_rate=0.3, discriminator_rate=2.0)
    optimizers = {group.optimizer.name: group.optimizer for group in model.optimizer.groups}
    assert list(optimizers) == ["encoder", "decoder", "discriminator"]
    rates = [float(np.asarray(each.learning_rate)) for each in optimizers.values()]
    assert rates == pytest.approx([1e-3, 3e-4, 2e-3])
    model.optimizer.learning_rate = 1e-4
    rates = [float(np.asarray(each.learning_rate)) for each in optimizers.values()]
    assert rates == pytest.approx([1e-4, 3e-5, 2e-4])
    assert float(np.asarray(model.optimizer.learning_rate)) == pytest.approx(1e-4)
    own = sum(len(each.variables) for each in optimizers.values())
    assert len(model.optimizer.variables) >= own
    assert len({id(v) for v in model.optimizer.variables}) == len(model.optimizer.variables)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "adadelta"])
def test_a_resting_player_keeps_its_moments(monkeypatch, optimizer):
    model = build(optimizer=optimizer)
    model.train_on_batch(BATCH)  # moments that would go on moving the weights

    def nobody(config, state):
        return {name: ops.zeros(()) for name in ("encoder", "decoder", "discriminator")}

    monkeypatch.setattr("trainer.models.update_schedule.masks", nobody)
    model.train_function = None  # compiled with the masks of before
    slots = [
        variable
        for group in model.optimizer.groups
        for variable in group.optimizer.variables
        if len(variable.shape) > 0
    ]
    before = [np.array(v) for v in slots]
    assert moved(model, lambda: model.train_on_batch(BATCH)) == set()
    assert all(np.array_equal(a, b) for a, b in zip(before, slots, strict=True))


def test_thresholds_let_the_optimizers_take_turns():
    """With limits that are never reached, each side has its three steps."""
    model = build(turns="thresholds", discriminator_until=0.0, generator_until=1e9, inner_steps=3)
    turns = [sorted(moved(model, lambda: model.train_on_batch(BATCH))) for _ in range(8)]
    judge, makers = ["discriminator"], ["decoder", "encoder"]
    assert turns == [judge] * 3 + [makers] * 3 + [judge] * 2
