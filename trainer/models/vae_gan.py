"""A VAE whose likelihood is learned by a discriminator."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from trainer.config import TrainerConfig
from trainer.models import losses, update_schedule
from trainer.models.vae import VAE


class VAEGAN(VAE):
    """Larsen et al. 2016, "Autoencoding beyond pixels using a learned similarity metric".

    With L_prior = beta KL, L_llike the distance of the discriminator's l-layer features of an
    image and its reconstruction, and L_GAN the discriminator's cross-entropy (section 2.3):
      encoder:        L_prior + L_llike
      decoder:        gamma L_llike - L_GAN
      discriminator:  L_GAN
    Each loss reaches its own network alone: what it passes through on the way is frozen, i.e.
    computed with weights behind a stop_gradient. So the sum of the three is one ordinary loss,
    for one gradient on any backend, and `optimizer_groups` says which optimizer gets which part.

    Metrics besides the VAE's (whose reconstruction_loss is on pixels and trains nothing):
      loss: the sum of the three.
      discriminator_loss: L_GAN. generator_loss: -L_GAN, in the decoder's loss.
      feature_loss: L_llike, in the encoder's loss.
      d_real, d_fake: mean probability of being real, of real and of decoded images.
    """

    metric_names = (
        *VAE.metric_names,
        "discriminator_loss",
        "generator_loss",
        "feature_loss",
        "d_real",
        "d_fake",
    )

    def __init__(self, config: TrainerConfig) -> None:
        super().__init__(config)
        build = config.model.architecture_entry.discriminator
        assert build is not None  # the config allows no other architecture
        self.discriminator = build(config.image, self.condition_dim)
        self.turn = self._state("turn", 0.0, (update_schedule.STATE,))

    @property
    def optimizer_groups(self) -> dict[str, tuple[list[keras.Variable], float]]:
        """The weights of each network, and its learning rate as a multiple of the encoder's."""
        gan = self.config.model.gan
        return {
            "encoder": (self.encoder.trainable_variables, 1.0),
            "decoder": (self.decoder.trainable_variables, gan.decoder_rate),
            "discriminator": (self.discriminator.trainable_variables, gan.discriminator_rate),
        }

    def call(self, inputs: dict[str, Any], training: bool = False) -> dict[str, Any]:
        condition = self.condition_of(inputs)
        pixels = self.scale(inputs["image"])
        z_mean, z_log_var = self.encode(pixels, condition)
        z = z_mean + ops.exp(0.5 * z_log_var) * self.draw_noise(z_mean)
        z_prior = self.draw_noise(z_mean)

        both = self.decoder(_batches([ops.stop_gradient(z), z_prior], condition))
        logits, logits_prior = ops.split(both, 2)
        decoded = [ops.sigmoid(logits), ops.sigmoid(logits_prior)]
        decoded_frozen = ops.sigmoid(_frozen(self.decoder, _batches([z], condition), training))

        judged = _batches([pixels, *map(ops.stop_gradient, decoded)], condition)
        outputs = self.discriminator(judged)
        judged_frozen = _batches([*decoded, decoded_frozen], condition)
        outputs_frozen = _frozen(self.discriminator, judged_frozen, training)
        d_real, d_made, d_sampled = ops.split(outputs[0], 3)
        features = ops.stop_gradient(ops.split(outputs[1], 3)[0])
        for_decoder, _, for_encoder = ops.split(outputs_frozen[1], 3)
        d_frozen = ops.split(outputs_frozen[0], 3)
        gan = self.config.model.gan
        return {
            "z_mean": z_mean,
            "z_log_var": z_log_var,
            "logits": logits,
            "reconstruction_loss": self.reconstruction_nll(pixels, logits),
            "kl_loss": losses.kl_divergence(z_mean, z_log_var),
            "encoder_similarity": losses.similarity(gan.similarity, features, for_encoder),
            "decoder_similarity": losses.similarity(gan.similarity, features, for_decoder),
            "discriminator_loss": losses.gan(d_real, d_made, d_sampled),
            "decoder_gan_loss": losses.gan(ops.stop_gradient(d_real), d_frozen[0], d_frozen[1]),
            "d_real": d_real,
            "d_made": d_made,
            "d_sampled": d_sampled,
        }

    def objective(self, y_pred: dict[str, Any], training: bool) -> Any:
        model = self.config.model
        penalty = self.regularizer(y_pred["z_mean"], y_pred["z_log_var"])
        parts = {
            "encoder": y_pred["encoder_similarity"] + self.effective_beta(training) * penalty,
            "decoder": model.gan.gamma * y_pred["decoder_similarity"] - y_pred["decoder_gan_loss"],
            "discriminator": y_pred["discriminator_loss"],
        }
        turn = ops.convert_to_tensor(self.turn)
        masks = update_schedule.masks(model.gan, turn)
        if training:
            losses_of_d = (
                y_pred["discriminator_loss"],
                ops.softplus(-y_pred["d_real"]),
                ops.softplus(y_pred["d_sampled"]),
            )
            new = update_schedule.advance(model.gan, turn, *map(ops.mean, losses_of_d))
            self.turn.assign(ops.stop_gradient(new))
        return sum(_only_if(masks[network], loss) for network, loss in parts.items())

    def metric_values(self, y_pred: dict[str, Any]) -> dict[str, Any]:
        fake = ops.sigmoid(y_pred["d_made"]) + ops.sigmoid(y_pred["d_sampled"])
        return super().metric_values(y_pred) | {
            "discriminator_loss": y_pred["discriminator_loss"],
            "generator_loss": -y_pred["decoder_gan_loss"],
            "feature_loss": y_pred["encoder_similarity"],
            "d_real": ops.sigmoid(y_pred["d_real"]),
            "d_fake": 0.5 * fake,
        }


def _only_if(mask: Any, loss: Any) -> Any:
    """Returns the value of `loss`, with its gradient only where the mask is 1."""
    return mask * loss + ops.stop_gradient((1.0 - mask) * loss)


def _frozen(network: keras.Model, inputs: Any, training: bool) -> Any:
    """Returns the network's outputs; gradients reach its inputs, but not its weights.

    Its statistics and seeds stay as they are.
    """
    outputs, _ = network.stateless_call(
        [ops.stop_gradient(ops.convert_to_tensor(v)) for v in network.trainable_variables],
        [ops.convert_to_tensor(v) for v in network.non_trainable_variables],
        inputs,
        training=training,
    )
    return outputs


def _batches(parts: list[Any], condition: Any) -> Any:
    """Returns inputs of a network: batches behind one another, with the same condition each."""
    joined = ops.concatenate(parts)
    if condition is None:
        return joined
    return [joined, ops.concatenate([condition] * len(parts))]
