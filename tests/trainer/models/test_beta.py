"""Weights of published losses in this project's convention."""

import pytest

from pipeline.config.pipeline import load_config, preset_names
from trainer.config import ModelConfig
from trainer.models.beta import implied_sigma


def effective_beta(
    *,
    reconstruction_weight: float,
    averaged_over: int = 1,
    kl_weight: float = 1.0,
    reconstruction: str = "bernoulli",
) -> float:
    """The beta of a published loss in this project's convention.

    The source writes `reconstruction_weight * mean + kl_weight * KL`, where the mean over
    `averaged_over` values is of binary cross-entropy ("bernoulli") or of squared error
    ("gaussian", whose NLL at sigma 1 is half the sum of squares). Dividing by the weight of
    the summed NLL leaves NLL + beta * KL. So a weight on the reconstruction acts as 1/beta:
    the larger, the less regularised.
    """
    nats_per_value = 1.0 if reconstruction == "bernoulli" else 0.5
    return kl_weight * averaged_over * nats_per_value / reconstruction_weight


# preset -> the loss as its source writes it, in the arguments of `effective_beta`
PUBLISHED = {
    # (784 * mean BCE + KL) / 2 / 784
    "mnist_vae_dense": {"reconstruction_weight": 0.5, "averaged_over": 784, "kl_weight": 0.5 / 784},
    "mnist_cvae_blog": {"reconstruction_weight": 0.5, "averaged_over": 784, "kl_weight": 0.5 / 784},
    # sum of BCE + KL
    "mnist_vae": {"reconstruction_weight": 1},
    "mnist_cvae": {"reconstruction_weight": 1},
    # 500 * mean BCE over 32x32 + KL
    "fashion_vae": {"reconstruction_weight": 500, "averaged_over": 1024},
    # 2000 * mean squared error over 64x64x3 + KL
    "celeba_vae": {
        "reconstruction_weight": 2000,
        "averaged_over": 12288,
        "reconstruction": "gaussian",
    },
    # mean BCE over 32x32 + 1e-4 * KL
    "cats_vae": {"reconstruction_weight": 1, "averaged_over": 1024, "kl_weight": 1e-4},
}


@pytest.mark.parametrize(
    ("recipe", "beta"),
    [
        ("mnist_vae_dense", 1.0),
        ("mnist_cvae_blog", 1.0),
        ("mnist_vae", 1.0),
        ("mnist_cvae", 1.0),
        ("fashion_vae", 2.048),
        ("celeba_vae", 3.072),
        ("cats_vae", 0.1024),
    ],
)
def test_effective_beta_of_the_published_losses(recipe, beta):
    assert effective_beta(**PUBLISHED[recipe]) == pytest.approx(beta)


def test_effective_beta_by_the_written_loss_itself():
    """Both losses of random numbers differ by a factor alone, so their optimum is the same."""
    import numpy as np

    errors, kl = np.random.default_rng(0).random((2, 12288)), np.array([5.0, 7.0])
    written = 2000 * errors.mean(axis=1) + kl
    ours = 0.5 * errors.sum(axis=1) + effective_beta(**PUBLISHED["celeba_vae"]) * kl
    assert ours / written == pytest.approx(3.072)


def test_implied_sigma():
    assert implied_sigma(ModelConfig(beta=4.0)) is None
    gaussian = ModelConfig(beta=4.0, reconstruction="gaussian", sigma=0.5)
    assert implied_sigma(gaussian) == pytest.approx(1.0)
    assert implied_sigma(gaussian, sigma=0.1) == pytest.approx(0.2)
    assert implied_sigma(ModelConfig(family="ae", reconstruction="gaussian")) is None


def test_presets_have_the_beta_that_their_sources_amount_to():
    presets = set(preset_names()) & set(PUBLISHED)
    assert len(presets) >= 5
    for name in presets:
        assert load_config(name).model.beta == pytest.approx(effective_beta(**PUBLISHED[name]))
