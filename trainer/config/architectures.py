"""The registry of architectures: the named encoders, decoders and discriminators.

To add one, write its builders in a module of `trainer.networks` and enter them here.

An encoder maps float images [batch, height, width, channels] in [0, 1] to z_mean and
z_log_var, float32 [batch, latent_dim]. A decoder maps z, float32 [batch, latent_dim], to
float32 logits of the image's shape; the model decides what a logit means. A discriminator maps
images to logits of being real, float32 [batch], and to the flat features of its l-layer.
With a condition each takes [input, condition], condition float32 [batch, condition_dim].
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from trainer.config.imported import Imported

Builder = Callable[..., Any]  # returns a keras.Model


@dataclasses.dataclass(frozen=True, kw_only=True)
class Architecture:
    """The builders of an architecture, and what it asks of images and of the latent.

    encoder: (image, latent_dim, condition_dim=0, outputs=("z_mean", "z_log_var"), width=1.0).
    decoder: (image, latent_dim, condition_dim=0, width=1.0).
    discriminator: (image, condition_dim=0); an adversarial family needs one.
    divisor: both sides of the image are multiples of it, in pixels.
    latent_map: the latent is a map of one vector for each cell of `divisor` by `divisor` pixels.
    """

    encoder: Builder
    decoder: Builder
    discriminator: Builder | None = None
    divisor: int = 1
    latent_map: bool = False


def _dense(*units: int, regularised: bool) -> Architecture:
    return Architecture(
        encoder=Imported("trainer.networks.dense:dense_encoder", (units, regularised)),
        decoder=Imported("trainer.networks.dense:dense_decoder", (units, regularised)),
    )


def _two_branch(stages: int) -> Architecture:
    return Architecture(
        encoder=Imported("trainer.networks.two_branch:two_branch_encoder", (stages,)),
        decoder=Imported("trainer.networks.two_branch:two_branch_decoder", (stages,)),
        divisor=2**stages,
        latent_map=True,
    )


def _strided_discriminator(*filters: int) -> Imported:
    return Imported("trainer.networks.conv:strided_discriminator", (filters,))


ARCHITECTURES = {
    "dense_256": _dense(256, regularised=True),
    "dense_256_128": _dense(256, 128, regularised=True),
    "dense_512": _dense(512, regularised=False),
    "conv_28": Architecture(
        encoder=Imported("trainer.networks.conv:conv_28_encoder"),
        decoder=Imported("trainer.networks.conv:conv_28_decoder"),
        discriminator=Imported("trainer.networks.conv:conv_28_discriminator"),
        divisor=4,
    ),
    "conv_32": Architecture(
        encoder=Imported("trainer.networks.conv:conv_32_encoder"),
        decoder=Imported("trainer.networks.conv:conv_32_decoder"),
        discriminator=_strided_discriminator(32, 64, 128),
        divisor=8,
    ),
    "conv_64": Architecture(
        encoder=Imported("trainer.networks.conv:conv_64_encoder"),
        decoder=Imported("trainer.networks.conv:conv_64_decoder"),
        discriminator=_strided_discriminator(32, 64, 128, 128),
        divisor=32,
    ),
    "res_64": Architecture(
        encoder=Imported("trainer.networks.residual:res_64_encoder"),
        decoder=Imported("trainer.networks.residual:res_64_decoder"),
        discriminator=_strided_discriminator(32, 64, 128, 128),
        divisor=16,
    ),
    "strided_28": Architecture(
        encoder=Imported("trainer.networks.conv:strided_28_encoder"),
        decoder=Imported("trainer.networks.conv:strided_28_decoder"),
        divisor=4,
    ),
    "two_branch_4": _two_branch(4),
    "two_branch_5": _two_branch(5),
}
