"""The trainings: published recipes, as presets, on the data at hand."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One training.

    preset, overrides: the recipe, and what differs from it.
    data: a name of `data.PREPARATIONS`.
    seeds: each is a run.
    everything: train on the held-out images too, as a source did.
    """

    name: str
    preset: str
    data: str
    overrides: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    everything: bool = False


_GAN = ("train.epochs=3", "train.batch_size=64")
_PAPER = ("model.gan.similarity=squared_error", "model.gan.turns=equilibrium", "model.beta=0.1")
_GAN_SHORT = (*_GAN, "train.epochs=1", *_PAPER)
_CHANGES = {
    "gamma_1": (),
    "gamma_0.1": ("model.gan.gamma=0.1",),
    "gamma_10": ("model.gan.gamma=10",),
    "cross_entropy": ("model.gan.similarity=cross_entropy",),
}
_CVAE = ("model.family=cvae", *_GAN, "train.optimizer=adam")
_FACES = ("model.latent_dim=64", "model.reconstruction=gaussian", "model.sigma=0.15",
          "model.beta=1", "train.batch_size=64", "train.learning_rate=0.001")  # fmt: skip
# Network and epochs by row; the two best of the first three trained longer.
NETWORKS = {
    f"{network}_{epochs}": (network, epochs)
    for network, epochs in (
        ("conv_32", 8), ("conv_64", 8), ("res_64", 8), ("conv_32", 24), ("res_64", 24),
    )
}  # fmt: skip


ROWS = {
    row.name: row
    for row in (
        Row(name="mnist_vae", preset="mnist_vae", data="mnist"),
        Row(name="mnist_cvae", preset="mnist_cvae", data="mnist",
            overrides=("train.epochs=100",)),
        Row(name="mnist_strided", preset="mnist_strided", data="mnist", everything=True,
            seeds=(0, 1, 2)),
        Row(name="cats_ae", preset="cats_ae", data="cats", seeds=(0, 1, 2)),
        Row(name="celeba_vae", preset="celeba_vae", data="celeba",
            overrides=("train.epochs=25",)),
        # The same networks and latent size with and without a discriminator.
        Row(name="mnist_cvae_conv", preset="mnist_vae_gan", data="mnist", overrides=_CVAE),
        Row(name="mnist_cvae_conv_beta", preset="mnist_vae_gan", data="mnist",
            overrides=(*_CVAE, "model.beta=0.1")),
        Row(name="mnist_vae_gan", preset="mnist_vae_gan", data="mnist",
            overrides=(*_GAN, *_PAPER)),
        # The source's own schedule and losses, but one epoch of its 205.
        Row(name="mnist_vae_gan_source", preset="mnist_vae_gan", data="mnist",
            overrides=("train.epochs=1",)),
        Row(name="mnist_cvae_blog", preset="mnist_cvae_blog", data="mnist",
            overrides=("train.epochs=50",)),
        # One value changed at a time, an epoch of 938 steps each.
        *(Row(name=f"gan_{name}", preset="mnist_vae_gan", data="mnist",
              overrides=(*_GAN_SHORT, *changed)) for name, changed in _CHANGES.items()),
        *(Row(name=name, preset="celeba_vae", data="celeba",
              overrides=(*_FACES, f"model.architecture={network}", f"train.epochs={epochs}"))
          for name, (network, epochs) in NETWORKS.items()),
        Row(name="words_ae", preset="words_ae", data="words",
            overrides=("data.words=[]", "data.per_label=0", "train.epochs=40")),
    )
}  # fmt: skip
