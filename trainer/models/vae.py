"""The variational autoencoder, and the base of every other family."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from data_prep.config_base import require
from trainer.config import CONDITION_FEATURES, TrainerConfig
from trainer.models import losses
from trainer.models.metrics import ActiveUnits
from trainer.networks.blocks import POSTERIOR


class VAE(keras.Model):
    """Kingma & Welling 2014, "Auto-encoding variational Bayes", with beta of Higgins 2017.

    loss = reconstruction NLL + beta * KL, nats per image, averaged over the batch.

    Inputs are a mapping with `image`, uint8 [batch, height, width, channels]; dividing by
    255 is the first thing that happens to them here, on the device. With a condition there is
    also `label_index`, int [batch], or `attributes`, int [batch, names] of 0 and 1. Another
    family overrides `call`, `objective`, `metric_values` or what else differs.

    Metrics, in training and validation:
      loss: as above.
      reconstruction_loss, kl_loss: its terms, without beta.
      elbo: -(reconstruction_loss + kl_loss). Free of beta; higher is better.
      bits_per_dim: of the ELBO, see `losses.bits_per_dim`. Lower is better; no more than a
        score, where a Bernoulli likelihood meets grey pixels.
      active_units: see `ActiveUnits`.
    """

    heads: tuple[str, ...] = POSTERIOR
    metric_names: tuple[str, ...] = ("reconstruction_loss", "kl_loss", "elbo", "bits_per_dim")

    def __init__(self, config: TrainerConfig) -> None:
        """Raises InputError where there is a condition but `config` has no names for it."""
        model = config.model
        super().__init__(name=model.family)
        self.config = config
        self.condition_dim = len(config.condition_names)
        fits = model.condition == "none" or self.condition_dim > 0
        words = "none with data that has no names for it"
        require(fits, "model.condition", model.condition, words)
        architecture = model.architecture_entry
        shape = config.image, model.latent_dim, self.condition_dim
        self.encoder = architecture.encoder(*shape, self.heads, width=model.width)
        self.decoder = architecture.decoder(*shape, width=model.width)
        self.noise_seed = keras.random.SeedGenerator(config.train.seed)
        self.log_sigma = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(math.log(model.sigma)),
            trainable=model.reconstruction_entry.learns_sigma,
            dtype="float32",
            name="log_sigma",
        )
        self.kl_scale = self._state("kl_scale", 1.0)  # of beta, below 1 in a warm-up
        self.means = {name: keras.metrics.Mean(name=name) for name in self.metric_names}
        self.active_units = ActiveUnits(model.latent_dim)
        self.built = True  # every variable exists, so that a checkpoint can be restored now

    def scale(self, images: Any) -> Any:
        """Returns uint8 images as float32 in [0, 1]."""
        return ops.cast(images, "float32") / 255.0

    def condition_of(self, inputs: dict[str, Any]) -> Any:
        """Returns the condition of a batch, float32 [batch, condition_dim], or None without one.

        A label_index of -1, a word unknown in training, is all zeros.
        """
        kind = self.config.model.condition
        if kind == "none":
            return None
        values = inputs[CONDITION_FEATURES[kind]]
        if kind == "label":
            words = ops.arange(self.condition_dim, dtype="int32")
            values = ops.expand_dims(ops.cast(values, "int32"), -1) == words
        return ops.cast(values, "float32")

    def encode(self, pixels: Any, condition: Any = None) -> tuple[Any, Any]:
        """Returns z_mean and z_log_var, float32 [batch, latent_dim], of float images in [0, 1]."""
        z_mean, z_log_var = self.encoder(network_inputs(pixels, condition))
        limit = self.config.model.log_var_limit
        return z_mean, ops.clip(z_log_var, -limit, limit) if limit else z_log_var

    def draw_noise(self, like: Any) -> Any:
        """Draws standard normal noise like `like`, from a seed saved with the weights."""
        return normal(ops.shape(like), self.noise_seed)

    def from_prior(self, noise: Any) -> Any:
        """Returns z of the prior, float32 [n, latent_dim], from as much standard normal noise."""
        return noise

    @property
    def decoding_weights(self) -> list[keras.Variable]:
        """The weights that `decode` and `from_prior` use."""
        return self.decoder.weights

    def decode(self, z: Any, condition: Any = None) -> Any:
        """Returns the mean image, float32 [batch, height, width, channels] in [0, 1]."""
        return ops.sigmoid(self.logits(z, condition))

    def logits(self, z: Any, condition: Any = None) -> Any:
        """Returns the decoder's logits, the mean image before the sigmoid."""
        return self.decoder(network_inputs(z, condition))

    def reconstruction_nll(self, pixels: Any, logits: Any) -> Any:
        """Returns the negative log-likelihood of each image, in nats, float32 [batch]."""
        return self.config.model.reconstruction_entry.nll(pixels, logits, self.log_sigma)

    @property
    def sigma(self) -> float | None:
        """The standard deviation of a Gaussian likelihood, in pixels of [0, 1]; None of another.

        A learned one is what the weights hold now.
        """
        likelihood = self.config.model.reconstruction_entry
        if not likelihood.density:
            return None
        if not likelihood.learns_sigma:
            return self.config.model.sigma
        return math.exp(float(ops.convert_to_numpy(self.log_sigma)))

    def regularizer(self, z_mean: Any, z_log_var: Any) -> Any:
        """Returns the term of the loss that beta multiplies, in nats per image, float32 [batch]."""
        free = self.config.model.free_bits
        if free:
            return losses.kl_above_free_bits(z_mean, z_log_var, free)
        return losses.kl_divergence(z_mean, z_log_var)

    def effective_beta(self, training: bool) -> Any:
        """Returns the current weight of the KL: a warm-up scales beta in training alone."""
        return self.config.model.beta * (self.kl_scale if training else 1.0)

    def evaluate_images(self, images: Any, noise: Any, condition: Any = None) -> dict[str, Any]:
        """Encodes and decodes uint8 images at z = z_mean + exp(z_log_var / 2) noise.

        Returns:
          z_mean, z_log_var: float32 [batch, latent_dim]; logits: float32 of the images' shape;
          reconstruction_loss, kl_loss: float32 [batch], nats per image.
        """
        pixels = self.scale(images)
        z_mean, z_log_var = self.encode(pixels, condition)
        if noise is None:
            noise = self.draw_noise(z_mean)
        logits = self.logits(z_mean + ops.exp(0.5 * z_log_var) * noise, condition)
        return {
            "z_mean": z_mean,
            "z_log_var": z_log_var,
            "logits": logits,
            "reconstruction_loss": self.reconstruction_nll(pixels, logits),
            "kl_loss": losses.kl_divergence(z_mean, z_log_var),
        }

    def call(self, inputs: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Returns `evaluate_images` at sampled noise, in training and in validation alike.

        The ELBO is an expectation over that noise.
        """
        return self.evaluate_images(inputs["image"], None, self.condition_of(inputs))

    def objective(self, y_pred: dict[str, Any], training: bool) -> Any:
        """Returns the loss of each image, float32 [batch]."""
        penalty = self.regularizer(y_pred["z_mean"], y_pred["z_log_var"])
        return y_pred["reconstruction_loss"] + self.effective_beta(training) * penalty

    def metric_values(self, y_pred: dict[str, Any]) -> dict[str, Any]:
        """Returns the metrics that are averaged over an epoch, float32 [batch] each."""
        reconstruction, kl = y_pred["reconstruction_loss"], y_pred["kl_loss"]
        negative_elbo = reconstruction + kl
        density = self.config.model.reconstruction_entry.density
        sigma = ops.exp(self.log_sigma) if density else None
        bits = losses.bits_per_dim(negative_elbo, self.config.image.size, sigma)
        return {
            "reconstruction_loss": reconstruction,
            "kl_loss": kl,
            "elbo": -negative_elbo,
            "bits_per_dim": bits,
        }

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True) -> Any:
        """Returns the mean loss over the global batch; replicas add their gradients up.

        A replica that got no image of the last batch of a validation adds nothing.
        """
        loss = self.objective(y_pred, training)
        count = ops.maximum(ops.cast(ops.shape(loss)[0], "float32"), 1.0)
        return ops.sum(loss) / (count * replicas())

    def compute_metrics(self, x, y, y_pred, sample_weight=None) -> dict[str, Any]:
        for name, values in self.metric_values(y_pred).items():
            self.means[name].update_state(values)
        self.active_units.update_state(y_pred["z_mean"])
        return reducible(self.get_metrics_result())

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Skips Keras's build, since every variable exists.

        Keras 3.15 would average a batch over the replicas, which fails on a pool of workers.
        """

    def _state(self, name: str, value: float, shape: tuple[int, ...] = ()) -> keras.Variable:
        """Adds a variable that is saved with the weights, but changed by no optimizer."""
        return self.add_weight(
            shape=shape,
            initializer=keras.initializers.Constant(value),
            trainable=False,
            dtype="float32",
            aggregation="mean",
            name=name,
        )


class CVAE(VAE):
    """Sohn et al. 2015: encoder and decoder get the condition, and z holds the rest."""


def network_inputs(first: Any, condition: Any) -> Any:
    """Returns the inputs of a network: `first`, with the condition where there is one."""
    if condition is None:
        return first
    return [ops.convert_to_tensor(first), ops.convert_to_tensor(condition)]


def replicas() -> int:
    """Returns the number of replicas whose losses TensorFlow adds up: 1 on other backends."""
    context = _context()
    return 1 if context is None else context.num_replicas_in_sync


def normal(shape: Any, seed: keras.random.SeedGenerator) -> Any:
    """Draws standard normal noise, float32 of `shape`, [batch, ...], other noise on each replica.

    The seed's state is the same on all of them, so each draws for the global batch and takes its
    own part: noise is then what one device would draw for the same global batch.
    """
    count = replicas()
    if count == 1:
        return keras.random.normal(shape, dtype="float32", seed=seed)
    batch, *rest = shape
    noise = keras.random.normal((count * batch, *rest), dtype="float32", seed=seed)
    return noise[_context().replica_id_in_sync_group * batch :][:batch]


def reducible(logs: dict[str, Any]) -> dict[str, Any]:
    """Returns the logs of a step in the shape that Keras 3.15 can average over replicas.

    On a pool of workers it takes the mean over axis 0, so scalars become vectors of one.
    """
    context = _context()
    if context is None or not context.strategy.extended._in_multi_worker_mode():
        return logs
    return {name: ops.reshape(value, (1,)) for name, value in logs.items()}


def _context() -> Any:
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf  # models also run without it

    return tf.distribute.get_replica_context()
