"""The two SavedModels of a training. Both load with TensorFlow alone, without this project.

Decoder (the serving model, which is what gets pushed):
  serving_default, decode: z float32 [batch, latent_dim] -> image float32
    [batch, height, width, channels] in [0, 1].
  sample: count int32 [], seed int64 [] -> image, of z ~ N(0, I). The same seed gives the
    same images on every device (Philox).

Full model (for the evaluator), which carries the transform graph and takes what shards hold:
  encode: image string [batch] (raw uint8 pixels) -> z_mean, z_log_var float32 [batch, latent_dim].
  reconstruct: image string [batch] -> image float32 [batch, height, width, channels] decoded
    from z_mean; reconstruction_loss and kl_loss float32 [batch] there, in nats.
  elbo: image string [batch], noise float32 [batch, latent_dim] -> reconstruction_loss,
    kl_loss, elbo float32 [batch] at z = z_mean + exp(z_log_var / 2) noise, in nats. With
    standard normal noise from the caller's seed this is one sample of the exact ELBO.

Beside each lies assets.extra/model.json, which describes the model in words and numbers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from data_prep import features as names
from trainer.dataset import decode_image
from trainer.hparams import TrainerSettings, implied_sigma
from trainer.vae import VAE

DESCRIPTION = os.path.join("assets.extra", "model.json")


def export_decoder(model: VAE, directory: str, labels: Sequence[str] = ()) -> None:
    """Writes the serving model. `model` computes in float32."""
    latent_dim = model.settings.model.latent_dim

    @tf.function(input_signature=[tf.TensorSpec([None, latent_dim], tf.float32, "z")])
    def decode(z: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": model.decode(z)}

    @tf.function(
        input_signature=[tf.TensorSpec([], tf.int32, "count"), tf.TensorSpec([], tf.int64, "seed")]
    )
    def sample(count: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        z = tf.random.stateless_normal(
            [count, latent_dim], seed=tf.stack([seed, tf.zeros_like(seed)]), alg="philox"
        )
        return decode(z)

    signatures = {"serving_default": decode, "decode": decode, "sample": sample}
    _save(_module(model.decoder.weights), signatures, directory)
    _describe(model.settings, labels, directory)


def export_full_model(
    model: VAE, transform: tft.TFTransformOutput, directory: str, labels: Sequence[str] = ()
) -> None:
    """Writes the model that the evaluator uses. `model` computes in float32."""
    settings = model.settings
    module = _module(model.weights)
    module.transform = transform.transform_features_layer()
    image_spec = transform.raw_feature_spec()[names.IMAGE]
    image_bytes = tf.TensorSpec([None], tf.string, "image")
    noise_spec = tf.TensorSpec([None, settings.model.latent_dim], tf.float32, "noise")

    def read(image: tf.Tensor) -> tf.Tensor:
        raw = {names.IMAGE: _as_parsed(image, image_spec)}
        return decode_image(module.transform(raw)[names.IMAGE], settings.image)

    @tf.function(input_signature=[image_bytes])
    def encode(image: tf.Tensor) -> dict[str, tf.Tensor]:
        z_mean, z_log_var = model.encode(model.scale(read(image)))
        return {"z_mean": z_mean, "z_log_var": z_log_var}

    @tf.function(input_signature=[image_bytes])
    def reconstruct(image: tf.Tensor) -> dict[str, tf.Tensor]:
        result = model.evaluate_images(read(image), noise=0.0)
        return {
            "image": tf.sigmoid(result["logits"]),
            "reconstruction_loss": result["reconstruction_loss"],
            "kl_loss": result["kl_loss"],
        }

    @tf.function(input_signature=[image_bytes, noise_spec])
    def elbo(image: tf.Tensor, noise: tf.Tensor) -> dict[str, tf.Tensor]:
        result = model.evaluate_images(read(image), noise)
        reconstruction, kl = result["reconstruction_loss"], result["kl_loss"]
        return {"reconstruction_loss": reconstruction, "kl_loss": kl, "elbo": -reconstruction - kl}

    _save(module, {"encode": encode, "reconstruct": reconstruct, "elbo": elbo}, directory)
    _describe(settings, labels, directory)


def _module(variables: Sequence[Any]) -> tf.Module:
    """Holds the bare tensors, so that the SavedModel knows nothing of Keras objects."""
    module = tf.Module()
    module.weights = [variable.value for variable in variables]
    return module


def _save(module: tf.Module, signatures: dict[str, Callable[..., Any]], directory: str) -> None:
    tf.saved_model.save(module, directory, signatures=signatures)


def _as_parsed(image: tf.Tensor, spec: Any) -> tf.Tensor | tf.SparseTensor:
    """[batch] strings in the form in which parsing an Example by `spec` gives them."""
    if isinstance(spec, tf.io.FixedLenFeature):
        return tf.reshape(image, [-1, *spec.shape])
    rows = tf.range(tf.size(image, out_type=tf.int64))
    indices = tf.stack([rows, tf.zeros_like(rows)], axis=1)
    return tf.SparseTensor(indices, image, [tf.size(image, out_type=tf.int64), 1])


def _describe(settings: TrainerSettings, labels: Sequence[str], directory: str) -> None:
    model, image = settings.model, settings.image
    description = {
        "family": model.family,
        "architecture": model.architecture,
        "latent_dim": model.latent_dim,
        "beta": model.beta,
        "reconstruction": model.reconstruction,
        "implied_sigma": implied_sigma(model),
        "image": {"height": image.height, "width": image.width, "channels": image.channels},
        "labels": list(labels),
    }
    path = os.path.join(directory, DESCRIPTION)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps(description, indent=2, ensure_ascii=False) + "\n")
