"""A training step and the input pipeline against the source's own, on the Fashion recipe.

Run: python benchmarks/training.py [--steps N] [--repeats N]

The source (Foster, Generative Deep Learning, 2nd ed., ch. 3, as the course chapter has it)
subclasses keras.Model with a `train_step` of its own around a GradientTape, on float32 images;
ours takes uint8 images. Same networks, latent size 2, batches of 100 images of 32x32, Adam 5e-4.
Both are timed in one process, turn by turn, through `fit` from memory. Images are noise with
the grey level of clothes: the time does not depend on what they show.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers, losses, metrics

from trainer.config import ImageShape, ModelConfig, TrainConfig, TrainerConfig
from trainer.models.registry import build_model
from trainer.training.optimizers import make_optimizer

BATCH, LATENT, RATE = 100, 2, 5e-4
WEIGHT = 500  # of the source's reconstruction loss


class Sampling(layers.Layer):
    def call(self, inputs):
        z_mean, z_log_var = inputs
        noise = keras.random.normal(tf.shape(z_mean))
        return z_mean + tf.exp(0.5 * z_log_var) * noise


class PublishedVAE(keras.Model):
    """The source's model: three trackers, a tape, clipped cross-entropy of sigmoids."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        names = ("total_loss", "reconstruction_loss", "kl_loss")
        self.trackers = [metrics.Mean(name=name) for name in names]

    @property
    def metrics(self):
        return self.trackers

    def call(self, inputs):
        z_mean, z_log_var, z = self.encoder(inputs)
        return z_mean, z_log_var, self.decoder(z)

    def train_step(self, data):
        with tf.GradientTape() as tape:
            z_mean, z_log_var, reconstruction = self(data)
            reconstruction_loss = tf.reduce_mean(
                WEIGHT * losses.binary_crossentropy(data, reconstruction, axis=(1, 2, 3))
            )
            kl_loss = tf.reduce_mean(
                tf.reduce_sum(
                    -0.5 * (1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var)), axis=1
                )
            )
            total_loss = reconstruction_loss + kl_loss
        gradients = tape.gradient(total_loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        for tracker, value in zip(
            self.trackers, (total_loss, reconstruction_loss, kl_loss), strict=True
        ):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}


def published() -> PublishedVAE:
    image = keras.Input((32, 32, 1))
    x = image
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, strides=2, activation="relu", padding="same")(x)
    x = layers.Flatten()(x)
    z_mean, z_log_var = layers.Dense(LATENT)(x), layers.Dense(LATENT)(x)
    encoder = keras.Model(image, [z_mean, z_log_var, Sampling()([z_mean, z_log_var])])
    z = keras.Input((LATENT,))
    x = layers.Reshape((4, 4, 128))(layers.Dense(2048)(z))
    for filters in (128, 64, 32):
        x = layers.Conv2DTranspose(filters, 3, strides=2, activation="relu", padding="same")(x)
    decoder = keras.Model(z, layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x))
    model = PublishedVAE(encoder, decoder)
    # `fit` compiles it as Keras chooses: with XLA where there is a GPU
    model.compile(optimizer=keras.optimizers.Adam(RATE))
    return model


def ours(precision: str = "float32") -> keras.Model:
    keras.config.set_dtype_policy(precision)
    settings = TrainerConfig(
        image=ImageShape(height=32, width=32),
        model=ModelConfig(latent_dim=LATENT, beta=1024 / WEIGHT),
        train=TrainConfig(batch_size=BATCH, learning_rate=RATE),
    )
    model = build_model(settings)
    keras.config.set_dtype_policy("float32")
    gpu = bool(tf.config.list_physical_devices("GPU"))
    model.compile(optimizer=make_optimizer(model, "adam", RATE), jit_compile=gpu)
    return model


def milliseconds(model: keras.Model, data: tf.data.Dataset, steps: int) -> float:
    """A step, through `fit`."""
    began = time.perf_counter()
    model.fit(data, steps_per_epoch=steps, epochs=1, shuffle=False, verbose=0)
    return (time.perf_counter() - began) / steps * 1000


def reading(images: np.ndarray) -> float:
    """Images a second that our input pipeline gives from gzip shards, the median of five readings.

    It reads, parses, shuffles and batches; a stub stands for the transform graph, which passes
    images on.
    """
    from trainer.data.dataset import DataSplit, make_dataset

    class Untransformed:
        def raw_feature_spec(self):
            return {"image": tf.io.FixedLenFeature([], tf.string)}

        def transform_features_layer(self):
            return lambda parsed: parsed

    with tempfile.TemporaryDirectory() as folder:
        options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)
        for shard in range(4):
            with tf.io.TFRecordWriter(f"{folder}/{shard}.gz", options) as writer:
                for image in images[shard::4]:
                    value = tf.train.BytesList(value=[image.tobytes()])
                    features = {"image": tf.train.Feature(bytes_list=value)}
                    example = tf.train.Example(features=tf.train.Features(feature=features))
                    writer.write(example.SerializeToString())
        source = DataSplit(
            patterns=(f"{folder}/*.gz",),
            records=len(images),
            image=ImageShape(height=32, width=32),
            transform=Untransformed(),
        )
        rates = []
        for _ in range(5):
            data = make_dataset(source, batch_size=BATCH, cache_mib=0, shuffle_seed=0)
            began = time.perf_counter()
            for _ in data.take(len(images) // BATCH):
                pass
            rates.append(len(images) / (time.perf_counter() - began))
    return statistics.median(rates)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()

    random = np.random.default_rng(0)
    smooth = random.integers(0, 256, (20_000, 8, 8, 1), np.uint8)
    images = smooth.repeat(4, axis=1).repeat(4, axis=2)
    known = images[: 20 * BATCH]
    floats = tf.data.Dataset.from_tensor_slices(known.astype(np.float32) / 255)
    bytes_ = tf.data.Dataset.from_tensor_slices({"image": known})
    subjects = {
        "published": (published(), floats.batch(BATCH).cache().repeat().prefetch(4)),
        "ours": (ours(), bytes_.batch(BATCH).cache().repeat().prefetch(4)),
        "ours, bfloat16": (
            ours("mixed_bfloat16"),
            bytes_.batch(BATCH).cache().repeat().prefetch(4),
        ),
    }
    for model, data in subjects.values():  # tracing and warming up
        milliseconds(model, data, 20)
    times: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(arguments.repeats):
        for name, (model, data) in subjects.items():
            times[name].append(milliseconds(model, data, arguments.steps))

    print(f"{'step of 100 images':20} {'best':>8} {'median':>8}   of the published one beside it")
    for name, found in times.items():
        ratios = [ours / theirs for ours, theirs in zip(found, times["published"], strict=True)]
        print(
            f"{name:20} {min(found):5.1f} ms {statistics.median(found):5.1f} ms   "
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )
    fed = reading(images)
    used = BATCH * 1000 / statistics.median(times["ours"])
    print(f"input from shards: {fed:,.0f} images/s, {fed / used:.0f} times what the step takes")


if __name__ == "__main__":
    main()
