"""A model whose pixels tell its codes: an image of z is grey in its left half by z0 and in its
right half by z1 (0.5 + z / 10), and its last row is the first value of the condition."""

import numpy as np
import pytest
import tensorflow as tf

from components.latent_evaluator.blessing import Verdict
from components.latent_evaluator.metrics.thresholds import Check
from components.latent_evaluator.report.inputs import ReportInputs, Shown
from components.latent_evaluator.vectors.attribute_vectors import AttributeVectors
from data_prep.features import ImageSpec
from data_prep.manifest import Manifest

SIDE, LATENT, IMAGES = 16, 4, 12
EVIL = "<img src=x onerror=\"document.title='broken'\">&<script>1</script>"
ATTRIBUTES = ("Smiling", "Male", EVIL, "Nobody")
LABELS = ("bar", "ring")


class Halves(tf.Module):
    def __init__(self, told):
        super().__init__()
        more = [tf.TensorSpec([None, told], tf.float32, "condition")] if told else []

        def decode(z, condition=None):
            half = 0.5 + z[:, :2] / 10
            image = tf.repeat(half[:, None, :, None], SIDE, axis=1)
            image = tf.repeat(tf.repeat(image, SIDE // 2, axis=2), 3, axis=3)
            if condition is None:
                return {"image": image}
            last = tf.ones([1, 1, SIDE, 3]) * condition[:, :1, None, None]
            return {"image": tf.concat([image[:, :-1], last], axis=1)}

        def sample(count, seed, condition=None):
            z = tf.random.stateless_normal([count, LATENT], tf.stack([seed, 0]), alg="philox")
            if condition is not None:
                condition = tf.broadcast_to(condition, [count, told])
            return decode(z, condition)

        z = tf.TensorSpec([None, LATENT], tf.float32, "z")
        count, seed = tf.TensorSpec([], tf.int32, "count"), tf.TensorSpec([], tf.int64, "seed")
        self.named = {
            "decode": tf.function(decode, input_signature=[z, *more]),
            "sample": tf.function(sample, input_signature=[count, seed, *more]),
        }


@pytest.fixture(scope="session")
def decoders(tmp_path_factory):
    """Directories: one that is told nothing, and one that is told the label."""
    folder = tmp_path_factory.mktemp("decoders")
    for name, told in (("plain", 0), ("label", len(LABELS))):
        module = Halves(told)
        tf.saved_model.save(module, str(folder / name), signatures=module.named)
    return folder


@pytest.fixture(scope="session")
def make_inputs(decoders):
    """make_inputs(kind, **changed): of a VAE of faces with attributes ("faces"), a conditional
    VAE of drawings ("drawings"), or an autoencoder of images without a name ("bare")."""

    def make(kind="faces", **changed):
        values = {"faces": faces, "drawings": drawings, "bare": bare}[kind](decoders)
        return ReportInputs(**{**values, **changed})

    return make


def facts(family, condition=None):
    return {
        "family": family,
        "architecture": "conv_32",
        "latent_dim": LATENT,
        "condition": condition,
        "reconstruction": "gaussian",
    }


def manifest(attributes=(), labels=()):
    return Manifest(
        image=ImageSpec(height=SIDE, width=SIDE, channels=3, ink="none"),
        labels=labels,
        attributes=attributes,
        counts={
            "read": 40, "written": 36, "rejected": 1, "filtered": 1, "duplicates": 2,
            "by_split": {"train": 24, "test": 12}, "by_label": dict.fromkeys(labels, 18),
        },
        rejects={"not an image": 1},
        positives=dict.fromkeys(attributes, 9),
        shards=(),
        source={"name": "test", "fingerprint": "f00d", "number_of_files": 3},
        options={"image_size": SIDE, "attributes": "/a/path", "words": []},
        code_version="1",
    )  # fmt: skip


def shown(labels=("",), attributes=0):
    generator = np.random.default_rng(0)
    return Shown(
        images=generator.integers(0, 256, (IMAGES, SIDE, SIDE, 3), np.uint8),
        labels=tuple(labels[i % len(labels)] for i in range(IMAGES)),
        attributes=generator.integers(0, 2, (IMAGES, attributes)),
        z_mean=generator.normal(size=(IMAGES, LATENT)).astype(np.float32),
    )


def scores(**more):
    return {
        "count": IMAGES, "elbo": -20.0, "elbo_interval": [-22.0, -18.0], "kl_loss": 4.0,
        "reconstruction_loss": 16.0, "bits_per_dim": 1.5, "psnr": 20.0, "mse": 0.01,
        "unexplained": 0.3, "active_units": 3, "latent_dim": LATENT, "labels": {},
        "mean_image": {"reconstruction_loss": 60.0, "mse": 0.05, "psnr": 13.0},
        "kl_per_dimension": [0.5, 2.0, 1.0, 0.0], **more,
    }  # fmt: skip


def normality():
    edges = np.linspace(-4, 4, 9)
    counts = np.tile([0, 1, 3, 8, 8, 3, 1, 0], (LATENT, 1))
    return {
        "ks_statistic": [0.05] * LATENT, "mean": [-0.25] * LATENT, "std": [1.0] * LATENT,
        "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
    }  # fmt: skip


def history():
    epochs = [
        {"epoch": n, "seconds": 1.0, "loss": 100.0 / n, "val_loss": 110.0 / n, "kl_loss": 1.0 * n}
        for n in (1, 2, 3, 4)
    ]
    return {"epochs": epochs, "exported_epoch": 3, "exported_reason": "lowest val_kl, 3.00"}


def make_vectors(names=ATTRIBUTES, kinds=("attribute",) * 4):
    table = np.eye(len(names), LATENT, dtype=np.float32) * 3
    table[names.index("Nobody") if "Nobody" in names else len(names) :] = np.nan
    length = np.linalg.norm(table, axis=1)
    auc = np.linspace(0.95, 0.65, len(names)) + 0 * length
    with np.errstate(invalid="ignore"):
        cosine = table @ table.T / 9
    return AttributeVectors(
        names=names,
        kinds=kinds,
        positive=np.full(len(names), 9),
        negative=np.full(len(names), 15),
        vectors=table,
        standard_error=np.zeros_like(table),
        norm=length,
        norm_corrected=length,
        auc=auc,
        auc_low=auc - 0.05,
        auc_high=auc + 0.04,
        accuracy=auc,
        cosine=cosine,
        orthogonalised={},
        split="train",
        held_out="test",
        model="m" * 64,
        data="d" * 64,
    )


def faces(decoders):
    return {
        "manifest": manifest(ATTRIBUTES),
        "split": "test",
        "seed": 0,
        "description": facts("vae"),
        "decoder": str(decoders / "plain"),
        "candidate": scores(latent_normality=normality()),
        "baseline": scores(elbo=-25.0, psnr=21.0),
        "verdict": Verdict(
            True,
            ("3 of 4 latent dimensions are in use", f"better than {EVIL}"),
            (
                Check(True, "3 of 4 in use", "latent dimensions in use", "3", "at least 2"),
                Check(
                    *(True, "1% worse", "KID", "9", "at most 30% worse", "passed"),
                    *("of samples", "the champion", "8", "at most 2% worse"),
                ),
                Check(True, f"better than {EVIL}"),
            ),
        ),
        "shown": shown(attributes=len(ATTRIBUTES)),
        "vectors": make_vectors(),
        "history": history(),
        "extractor": {"hash": "cafe"},
        "slices": {"attribute": {"Smiling": scores(), "Male": scores(psnr=10.0)}},
    }


def drawings(decoders):
    condition = {"kind": "label", "names": list(LABELS)}
    labels = {name: scores() for name in LABELS}
    return {
        **faces(decoders),
        "manifest": manifest(labels=LABELS),
        "description": facts("cvae", condition),
        "decoder": str(decoders / "label"),
        "candidate": scores(labels=labels, latent_normality=normality()),
        "baseline": None,
        "verdict": Verdict(
            False,
            ("posterior collapse: 0 of 4 latent dimensions are in use",),
            (
                Check(False, "0 of 4 in use", "latent dimensions in use", "0", "at least 2"),
                Check(False, "about 900", "coverage", "0.2", "at least 3", "too few images"),
            ),
        ),
        "shown": shown(LABELS),
        "vectors": make_vectors(LABELS, ("label",) * 2),
        "slices": {},
    }


def bare(decoders):
    return {
        **faces(decoders),
        "manifest": manifest(),
        "description": facts("ae"),
        "candidate": scores(elbo=None, kl_loss=None, bits_per_dim=None, kl_per_dimension=None),
        "baseline": None,
        "shown": shown(),
        "vectors": None,
        "history": None,
        "extractor": None,
        "slices": {},
    }
