"""The trainings: published recipes, as presets, on the data at hand."""

from __future__ import annotations

import dataclasses

FEWEST_SEEDS = 3  # of a row; SHORT_SEEDS where a run takes less than SHORT_MINUTES
SHORT_SEEDS, SHORT_MINUTES = 5, 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One recipe, trained once from each of its seeds.

    preset, overrides: the recipe, and what differs from it.
    data: a name of `data.PREPARATIONS`.
    seeds: declared before any of them is run. The page shows each, names those that have not been
      run, and gives no answer before all have been.
    everything: train on the held-out images too, as a source did.
    """

    name: str
    preset: str
    data: str
    overrides: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2)
    everything: bool = False

    def __post_init__(self) -> None:
        if len(set(self.seeds)) < FEWEST_SEEDS:
            raise ValueError(f"row {self.name}: {len(set(self.seeds))} seeds, allowed: 3 or more")


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
# Network and epochs by row: about as much processor time for each.
NETWORKS = {
    f"{network}_{epochs}": (network, epochs)
    for network, epochs in (("conv_32", 24), ("conv_64", 8), ("res_64", 8))
}


ROWS = {
    row.name: row
    for row in (
        Row(name="mnist_vae", preset="mnist_vae", data="mnist"),
        Row(name="mnist_cvae", preset="mnist_cvae", data="mnist",
            overrides=("train.epochs=100",)),
        Row(name="mnist_strided", preset="mnist_strided", data="mnist", everything=True),
        Row(name="cats_ae", preset="cats_ae", data="cats", seeds=(0, 1, 2, 3, 4)),
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
