"""The two SavedModels of a training. Both load with TensorFlow alone, without this project.

Decoder (the serving model, which is what gets pushed):
  serving_default, decode: z float32 [batch, latent_dim] -> image float32
    [batch, height, width, channels] in [0, 1].
  sample: count int32 [], seed int64 [] -> image, of z from the prior: N(0, I), or what stands
    in for it in an autoencoder. The same seed gives the same images on every device (Philox).

Full model (for the evaluator), which carries the transform graph and takes what shards hold:
  encode: image string [batch] (raw uint8 pixels) -> z_mean, z_log_var float32
    [batch, latent_dim].
  reconstruct: image string [batch] -> image float32 [batch, height, width, channels] decoded
    from z_mean; reconstruction_loss and kl_loss float32 [batch] there, in nats.
  score: image string [batch], noise float32 [batch, latent_dim] -> z_mean, z_log_var; image,
    decoded from z_mean; reconstruction_loss and kl_loss at z = z_mean + exp(z_log_var / 2)
    noise, in nats. The encoder runs once. With standard normal noise from the caller's seed,
    -(reconstruction_loss + kl_loss) is one sample of the exact ELBO.
  log_likelihood: image string [batch], z float32 [batch, latent_dim] -> log_likelihood
    float32 [batch], log p(x|z) in nats.
An autoencoder has no posterior: z_log_var, kl_loss, the input noise and the signature
log_likelihood are missing.

A conditional model takes `condition` besides in every signature, float32 [batch, names]: the
label as one-hot or as a mix of labels, or the attributes as 0 and 1 or between. `sample` takes
[count, names], or [1, names] for all.

Beside each lies assets.extra/model.json, which describes the model in words and numbers;
`condition.names` are the names of the condition's values. Beside the decoder lies the same as
ONNX: see `trainer.export.onnx`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from data_prep import features as names
from trainer.data.dataset import decode_image
from trainer.export.metadata import METADATA_FILE
from trainer.export.onnx import export_onnx
from trainer.models.beta import implied_sigma
from trainer.models.vae import VAE


def export_decoder(model: VAE, directory: str) -> None:
    """Writes the serving model, and its ONNX copy. `model` computes in float32."""
    latent_dim = model.config.model.latent_dim
    z_spec = tf.TensorSpec([None, latent_dim], tf.float32, "z")
    count_spec, seed_spec = (
        tf.TensorSpec([], tf.int32, "count"),
        tf.TensorSpec([], tf.int64, "seed"),
    )

    def decode(z: tf.Tensor, condition: tf.Tensor = None) -> dict[str, tf.Tensor]:
        return {"image": model.decode(z, condition)}

    def sample(
        count: tf.Tensor, seed: tf.Tensor, condition: tf.Tensor = None
    ) -> dict[str, tf.Tensor]:
        noise = tf.random.stateless_normal(
            [count, latent_dim], seed=tf.stack([seed, tf.zeros_like(seed)]), alg="philox"
        )
        if condition is not None:
            condition = tf.broadcast_to(condition, [count, model.condition_dim])
        return decode(model.from_prior(noise), condition)

    decoding = _signature(model, decode, z_spec)
    signatures = {
        "serving_default": decoding,
        "decode": decoding,
        "sample": _signature(model, sample, count_spec, seed_spec),
    }
    _save(model, _module(model.decoding_weights), signatures, directory)
    export_onnx(decoding, model_metadata(model), directory)


def export_full_model(model: VAE, transform: tft.TFTransformOutput, directory: str) -> None:
    """Writes the model that the evaluator uses. `model` computes in float32."""
    settings = model.config
    module = _module(model.weights)
    module.transform = transform.transform_features_layer()
    image_spec = transform.raw_feature_spec()[names.IMAGE]
    image_bytes = tf.TensorSpec([None], tf.string, "image")
    noise_spec = tf.TensorSpec([None, settings.model.latent_dim], tf.float32, "noise")

    def read(image: tf.Tensor) -> tf.Tensor:
        raw = {names.IMAGE: _as_parsed(image, image_spec)}
        return decode_image(module.transform(raw)[names.IMAGE], settings.image)

    def encode(image: tf.Tensor, condition: tf.Tensor = None) -> dict[str, tf.Tensor]:
        z_mean, z_log_var = model.encode(model.scale(read(image)), condition)
        return _defined(z_mean=z_mean, z_log_var=z_log_var)

    def reconstruct(image: tf.Tensor, condition: tf.Tensor = None) -> dict[str, tf.Tensor]:
        result = model.evaluate_images(read(image), 0.0, condition)
        return _defined(
            image=tf.sigmoid(result["logits"]),
            reconstruction_loss=result["reconstruction_loss"],
            kl_loss=result.get("kl_loss"),
        )

    def score(
        image: tf.Tensor, noise: tf.Tensor, condition: tf.Tensor = None
    ) -> dict[str, tf.Tensor]:
        result = model.evaluate_images(read(image), noise, condition)
        outputs = ("z_mean", "z_log_var", "reconstruction_loss", "kl_loss")
        decoded = model.decode(result["z_mean"], condition)
        return {**{name: result[name] for name in outputs}, "image": decoded}

    def score_code(image: tf.Tensor, condition: tf.Tensor = None) -> dict[str, tf.Tensor]:
        result = model.evaluate_images(read(image), None, condition)
        return {
            "z_mean": result["z_mean"],
            "reconstruction_loss": result["reconstruction_loss"],
            "image": tf.sigmoid(result["logits"]),
        }

    def log_likelihood(
        image: tf.Tensor, z: tf.Tensor, condition: tf.Tensor = None
    ) -> dict[str, tf.Tensor]:
        pixels = model.scale(read(image))
        return {"log_likelihood": -model.reconstruction_nll(pixels, model.logits(z, condition))}

    signatures = {
        "encode": _signature(model, encode, image_bytes),
        "reconstruct": _signature(model, reconstruct, image_bytes),
    }
    if settings.model.has_prior:
        z_spec = tf.TensorSpec(noise_spec.shape, tf.float32, "z")
        signatures["score"] = _signature(model, score, image_bytes, noise_spec)
        signatures["log_likelihood"] = _signature(model, log_likelihood, image_bytes, z_spec)
    else:
        signatures["score"] = _signature(model, score_code, image_bytes)
    _save(model, module, signatures, directory)


def _signature(model: VAE, function: Callable[..., Any], *specs: tf.TensorSpec) -> Any:
    """Returns a tf.function of these inputs, and of the condition where the model has one."""
    if model.condition_dim:
        specs = (*specs, tf.TensorSpec([None, model.condition_dim], tf.float32, "condition"))
    return tf.function(function, input_signature=specs)


def _defined(**outputs: tf.Tensor | None) -> dict[str, tf.Tensor]:
    return {name: value for name, value in outputs.items() if value is not None}


def _module(variables: Iterable[Any]) -> tf.Module:
    """Returns a module of the bare tensors, so that the SavedModel holds no Keras objects."""
    module = tf.Module()
    module.weights = [variable.value for variable in variables]
    return module


def _save(model: VAE, module: tf.Module, signatures: dict[str, Any], directory: str) -> None:
    """Writes the SavedModel, and its metadata beside it."""
    tf.saved_model.save(module, directory, signatures=signatures)
    path = os.path.join(directory, METADATA_FILE)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "w") as file:
        text = json.dumps(model_metadata(model), indent=2, ensure_ascii=False)
        file.write(text + "\n")


def _as_parsed(image: tf.Tensor, spec: Any) -> tf.Tensor | tf.SparseTensor:
    """Returns strings [batch] in the form in which parsing an Example by `spec` gives them."""
    if isinstance(spec, tf.io.FixedLenFeature):
        return tf.reshape(image, [-1, *spec.shape])
    rows = tf.range(tf.size(image, out_type=tf.int64))
    indices = tf.stack([rows, tf.zeros_like(rows)], axis=1)
    return tf.SparseTensor(indices, image, [tf.size(image, out_type=tf.int64), 1])


def model_metadata(trained: VAE) -> dict[str, Any]:
    """Returns the contents of model.json.

    `condition` is null, or {kind, names}; beta and implied_sigma are null without a prior,
    implied_sigma and sigma with a Bernoulli reconstruction. Of `gaussian_learned` both are those
    that were learned.
    """
    settings = trained.config
    model, image = settings.model, settings.image
    condition = {"kind": model.condition, "names": list(settings.condition_names)}
    return {
        "family": model.family,
        "architecture": model.architecture,
        "latent_dim": model.latent_dim,
        "beta": model.beta if model.has_prior else None,
        "reconstruction": model.reconstruction,
        "sigma": trained.sigma,
        "implied_sigma": implied_sigma(model, trained.sigma),
        "image": {"height": image.height, "width": image.width, "channels": image.channels},
        "labels": list(settings.labels),
        "attributes": list(settings.attributes),
        "condition": None if model.condition == "none" else condition,
    }
