"""The smaller registries: likelihoods of the pixels, optimizers, learning-rate schedules, trackers.

To add one, write the function or class and enter it here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from trainer.config.imported import Imported


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """A likelihood of pixels given z.

    nll: (pixels, logits, log_sigma) -> nats per image, float32 [batch]; pixels are float32
      [batch, height, width, channels] in [0, 1], logits the decoder's, of the same shape.
    density: it is a density over [0, 1], with a standard deviation sigma.
    learns_sigma: sigma is learned; where a loss is not on pixels, it cannot be.
    """

    nll: Callable[..., Any]
    density: bool = True
    learns_sigma: bool = False


_GAUSSIAN = Imported("trainer.models.losses:gaussian_nll_of_logits")
RECONSTRUCTIONS = {
    "bernoulli": Reconstruction(nll=Imported("trainer.models.losses:bernoulli_nll"), density=False),
    "gaussian": Reconstruction(nll=_GAUSSIAN),
    "gaussian_learned": Reconstruction(nll=_GAUSSIAN, learns_sigma=True),
}
# name -> subclass of keras.optimizers.Optimizer
OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "adam": Imported("keras.optimizers:Adam"),
    "rmsprop": Imported("keras.optimizers:RMSprop"),
    "adadelta": Imported("keras.optimizers:Adadelta"),
}
# name -> (TrainConfig, epoch from 0, losses of the epochs before) -> learning rate of the epoch
SCHEDULES: dict[str, Callable[..., float]] = {
    "constant": Imported("trainer.training.schedules:constant"),
    "cosine": Imported("trainer.training.schedules:cosine"),
    "plateau": Imported("trainer.training.schedules:plateau"),
}
# name -> subclass of trainer.training.trackers.Tracker
TRACKERS: dict[str, Callable[..., Any]] = {
    "tensorboard": Imported("trainer.training.trackers:TensorBoard")
}
