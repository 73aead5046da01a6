"""The registry of named networks. To add one: builders, a line here, and what it asks of
images in `trainer.config.ARCHITECTURES`.

An encoder maps float images [batch, height, width, channels] in [0, 1] to z_mean and
z_log_var, float32 [batch, latent_dim]. A decoder maps z, float32 [batch, latent_dim], to
float32 logits of the image's shape; the model decides what a logit means. A discriminator maps
images to logits of being real, float32 [batch], and to the flat features of its l-layer.
With a condition each takes [input, condition], condition float32 [batch, condition_dim].
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import keras

from trainer.networks import conv, dense, residual, strided, two_branch

Builder = Callable[..., keras.Model]


class Architecture(NamedTuple):
    """Builders.

    encoder: (image, latent_dim, condition_dim=0, outputs=("z_mean", "z_log_var"), width=1.0).
    decoder: (image, latent_dim, condition_dim=0, width=1.0).
    discriminator: (image, condition_dim=0).
    """

    encoder: Builder
    decoder: Builder
    discriminator: Builder | None = None


def _dense(*widths: int, regularised: bool) -> Architecture:
    return Architecture(
        partial(dense.dense_encoder, widths, regularised),
        partial(dense.dense_decoder, widths, regularised),
    )


def _two_branch(stages: int) -> Architecture:
    return Architecture(
        partial(two_branch.two_branch_encoder, stages),
        partial(two_branch.two_branch_decoder, stages),
    )


ARCHITECTURES = {
    "dense_256": _dense(256, regularised=True),
    "dense_256_128": _dense(256, 128, regularised=True),
    "dense_512": _dense(512, regularised=False),
    "conv_28": Architecture(conv.conv_28_encoder, conv.conv_28_decoder, conv.conv_28_discriminator),
    "conv_32": Architecture(
        conv.conv_32_encoder,
        conv.conv_32_decoder,
        partial(conv.strided_discriminator, (32, 64, 128)),
    ),
    "conv_64": Architecture(
        conv.conv_64_encoder,
        conv.conv_64_decoder,
        partial(conv.strided_discriminator, (32, 64, 128, 128)),
    ),
    "res_64": Architecture(
        residual.res_64_encoder,
        residual.res_64_decoder,
        partial(conv.strided_discriminator, (32, 64, 128, 128)),
    ),
    "strided_28": Architecture(strided.strided_28_encoder, strided.strided_28_decoder),
    "two_branch_4": _two_branch(4),
    "two_branch_5": _two_branch(5),
}
