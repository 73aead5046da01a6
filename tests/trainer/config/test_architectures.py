import numpy as np
import pytest

from data_prep.errors import InputError
from trainer.config import ImageShape, ModelConfig, TrainerConfig
from trainer.config.architectures import ARCHITECTURES, Architecture
from trainer.models.registry import build_model
from trainer.networks.dense import dense_decoder, dense_encoder

MNIST = ImageShape(height=28, width=28)
DRAWING = ImageShape(height=32, width=32)
FACE = ImageShape(height=64, width=64, channels=3)


def counts(model):
    return model.count_params(), sum(int(np.prod(w.shape)) for w in model.trainable_weights)


@pytest.mark.parametrize(
    ("name", "image", "latent_dim", "encoder", "decoder"),
    [
        ("conv_32", DRAWING, 2, (100_868, 100_868), (246_273, 246_273)),
        ("conv_64", FACE, 200, (253_584, 252_944), (240_131, 238_979)),
        ("strided_28", MNIST, 2, (69_076, 69_076), (65_089, 65_089)),
    ],
)
def test_published_parameter_counts(name, image, latent_dim, encoder, decoder):
    networks = ARCHITECTURES[name]
    assert counts(networks.encoder(image, latent_dim)) == encoder
    assert counts(networks.decoder(image, latent_dim)) == decoder


@pytest.mark.parametrize(
    ("name", "image", "latent_dim", "condition_dim", "outputs", "total"),
    [
        ("two_branch_4", DRAWING, 128, 0, ("z_mean",), 35_085),
        ("two_branch_5", DRAWING, 64, 0, ("z_mean", "z_log_var"), 276_013),
        ("dense_512", MNIST, 2, 0, ("z_mean", "z_log_var"), 807_700),
        ("dense_512", MNIST, 2, 10, ("z_mean", "z_log_var"), 817_940),
    ],
)
def test_published_totals(name, image, latent_dim, condition_dim, outputs, total):
    networks = ARCHITECTURES[name]
    encoder = networks.encoder(image, latent_dim, condition_dim, outputs)
    decoder = networks.decoder(image, latent_dim, condition_dim)
    assert encoder.count_params() + decoder.count_params() == total


@pytest.mark.parametrize("condition_dim", [0, 3])
@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_shapes_for_other_sizes_and_with_a_condition(name, condition_dim):
    side = max(8, ARCHITECTURES[name].divisor)
    image = ImageShape(height=side, width=2 * side, channels=3)
    pixels = np.random.default_rng(0).random((2, *image.as_tuple), np.float32)
    z = np.ones((2, 6), np.float32)

    def given(first, hot):
        condition = np.eye(condition_dim, dtype=np.float32)[[hot, hot]] if condition_dim else None
        return first if condition is None else [first, condition]

    networks = ARCHITECTURES[name]
    encoder = networks.encoder(image, 6, condition_dim)
    decoder = networks.decoder(image, 6, condition_dim)
    z_mean, z_log_var = encoder(given(pixels, 0))
    assert z_mean.shape == z_log_var.shape == (2, 6)
    assert decoder(given(z, 0)).shape == (2, *image.as_tuple)
    judged = []
    if networks.discriminator:
        discriminator = networks.discriminator(image, condition_dim)
        logit, features = discriminator(given(pixels, 0))
        assert logit.shape == (2,) and len(features.shape) == 2 and features.shape[0] == 2
        judged = [(discriminator, pixels)]
    if condition_dim:
        for network, first in ((encoder, pixels), (decoder, z), *judged):
            one, other = (np.asarray(network(given(first, hot))[0]) for hot in (0, 1))
            assert not np.array_equal(one, other)


def test_no_unit_of_a_narrow_layer_dies():
    """What is off for every image still learns: else a few units are left for the latent space."""
    encoder = ARCHITECTURES["strided_28"].encoder(MNIST, 2)
    (narrow,) = [layer for layer in encoder.layers if getattr(layer, "units", 0) == 16]
    narrow.bias.assign(np.full(16, -100.0, np.float32))
    codes = np.asarray(encoder(np.random.default_rng(0).random((20, 28, 28, 1), np.float32))[0])
    assert (codes.std(axis=0) > 1e-3).all()


def test_group_normalisation_keeps_images_apart():
    """What one image is encoded to does not depend on its batch, in training neither."""
    encoder = ARCHITECTURES["res_64"].encoder(ImageShape(height=16, width=16), 2)
    pixels = np.random.default_rng(0).random((4, 16, 16, 1), np.float32)
    whole = np.asarray(encoder(pixels, training=True)[0])
    assert np.asarray(encoder(pixels[:1], training=True)[0]) == pytest.approx(whole[:1], abs=1e-5)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_width_scales_the_units_and_keeps_the_published_network_at_1(name):
    side = max(8, ARCHITECTURES[name].divisor)
    shape = ImageShape(height=side, width=side), 6
    networks = ARCHITECTURES[name]
    for build in (networks.encoder, networks.decoder):
        half, published, default, double = (
            build(*shape, **wide).count_params()
            for wide in ({"width": 0.5}, {"width": 1.0}, {}, {"width": 2.0})
        )
        assert published == default
        assert half < published < double < 4.1 * published


def test_a_registered_architecture_is_configured_and_built(monkeypatch):
    with pytest.raises(InputError, match="architecture: got 'tiny', allowed: dense_256"):
        ModelConfig(architecture="tiny")
    tiny = Architecture(
        encoder=lambda *shape, **options: dense_encoder((3,), False, *shape, **options),
        decoder=lambda *shape, **options: dense_decoder((3,), False, *shape, **options),
        divisor=16,
    )
    monkeypatch.setitem(ARCHITECTURES, "tiny", tiny)
    config = ModelConfig(architecture="tiny")
    with pytest.raises(InputError, match=r"image\.height: got 24, allowed: a multiple of 16"):
        TrainerConfig(image=ImageShape(height=24), model=config)
    with pytest.raises(InputError, match="architecture: got 'tiny', allowed: conv_28"):
        ModelConfig(architecture="tiny", family="vae_gan")
    model = build_model(TrainerConfig(image=ImageShape(height=16, width=16), model=config))
    assert model.encoder.count_params() == (256 * 3 + 3) + 2 * (3 * 2 + 2)
    assert model.decoder.count_params() == (2 * 3 + 3) + (3 * 256 + 256)
