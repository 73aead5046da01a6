"""Loss terms as pure functions: float32 [batch], one value an image, in nats.

Images, means and logits are float32 [batch, height, width, channels], images and means in [0, 1].
"""

from __future__ import annotations

import math
from typing import Any

from keras import ops

LOG_2PI = math.log(2 * math.pi)
LEVELS = 256  # of a byte; divided by 255 they lie 1/255 apart, from 0 to 1
SPACING = 1 / (LEVELS - 1)


def bernoulli_nll(images: Any, logits: Any, log_sigma: Any = None) -> Any:
    """Negative log-likelihood under Bernoulli pixels, summed over pixels and channels.

    -log p(x|z) = sum softplus(l) - x l, the binary cross-entropy of Kingma & Welling 2014,
    appendix C.1. For grey values between 0 and 1 it is a score, not a density. `log_sigma` is
    without effect; every likelihood of the registry takes it.
    """
    return _sum_per_image(ops.softplus(logits) - images * logits)


def gaussian_nll(images: Any, means: Any, log_sigma: Any) -> Any:
    """Negative log density under Gaussian pixels, summed over pixels and channels.

    -log p(x|z) = sum (x - mean)^2 / (2 sigma^2) + log sigma + log(2 pi) / 2, with one sigma
    for all pixels, in their unit (Rybkin et al. 2021, "Simple and effective VAE training with
    calibrated decoders", eq. 4, where it is learned). May be negative: it is a density.
    """
    error = (images - means) * ops.exp(-log_sigma)
    return _sum_per_image(0.5 * ops.square(error) + log_sigma + 0.5 * LOG_2PI)


def gaussian_nll_of_logits(images: Any, logits: Any, log_sigma: Any) -> Any:
    """Returns `gaussian_nll` where the means are the sigmoids of the logits."""
    return gaussian_nll(images, ops.sigmoid(logits), log_sigma)


def kl_divergence(z_mean: Any, z_log_var: Any) -> Any:
    """KL(N(z_mean, exp(z_log_var)) || N(0, I)), at least 0, of float32 [batch, latent_dim].

    1/2 sum mean^2 + var - 1 - log var (Kingma & Welling 2014, appendix B).
    """
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - 1.0 - z_log_var, axis=-1)


def kl_above_free_bits(z_mean: Any, z_log_var: Any, free: float) -> Any:
    """Returns the KL where `free` nats of each dimension cost nothing: sum max(free, mean of KL_d).

    Kingma et al. 2016, "Improved variational inference with inverse autoregressive flow",
    eq. 15; the mean is over the batch, so every image of it gets the same value, which is at least
    free * latent_dim.
    """
    kl = 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1.0 - z_log_var)
    total = ops.sum(ops.maximum(ops.mean(kl, axis=0), free))
    return total + ops.zeros_like(z_mean[:, 0])


def gan(d_real: Any, d_made: Any, d_sampled: Any) -> Any:
    """The discriminator's cross-entropy, nats, at least 0; ln 2 where it guesses.

    -(log D(x) + log(1 - D(x~)) + 2 log(1 - D(x_p))) / 4, where real images x, reconstructions
    x~ and samples x_p are classified (Larsen et al. 2016, section 2.3, with the weights of
    "Autoencoders in Keras", part 6), from logits of D, float32 [batch]: -log D = softplus(-d).
    """
    fake = ops.softplus(d_made) + 2.0 * ops.softplus(d_sampled)
    return 0.25 * (ops.softplus(-d_real) + fake)


def similarity(kind: str, real: Any, decoded: Any) -> Any:
    """The distance of l-layer features, float32 [batch, features], summed over features.

    `squared_error`: (l(x~) - l(x))^2 / 2, the NLL of a unit Gaussian without its constant
    (Larsen et al. 2016, section 2.3). `cross_entropy`: of sigmoid(l(x~)) against sigmoid(l(x))
    ("Autoencoders in Keras", part 6).
    """
    if kind == "squared_error":
        return 0.5 * ops.sum(ops.square(decoded - real), axis=-1)
    return ops.sum(ops.softplus(decoded) - ops.sigmoid(real) * decoded, axis=-1)


def bits_per_dim(nats: Any, values: int, sigma: Any = None) -> Any:
    """Bits that each of an image's `values` costs at most, from its negative ELBO in nats.

    A Gaussian density of deviation `sigma` (in pixels of [0, 1]) says nothing yet of levels that
    lie h = 1/255 apart. P(x|z) is its integral over the bin x + u with u in [-h/2, h/2], and by
    Jensen's inequality -log P(x|z) <= E[-log p(x + u|z)] - log h for each value, with u uniform
    (Theis et al. 2016, section 3.1). That expectation lies h^2 / (24 sigma^2) above -log p(x|z),
    whatever the mean. So the result bounds the code length of the bytes from above and is never
    negative, of the encoder that saw the bytes themselves.

    Without a sigma the likelihood is a Bernoulli one, whose probabilities are of binary pixels:
    of grey pixels the result is a score that bounds nothing.
    """
    if sigma is None:
        return nats / (values * math.log(2))
    dequantised = nats / values + SPACING**2 / (24 * sigma**2) - math.log(SPACING)
    return dequantised / math.log(2)


def _sum_per_image(values: Any) -> Any:
    return ops.sum(values, axis=(1, 2, 3))
