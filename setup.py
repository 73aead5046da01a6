"""The installable project: four packages and the `latentforge` command.

Dependencies are not listed here on purpose. requirements.lock pins all of them with
hashes, and this file is also what `--setup_file=./setup.py` ships to Beam workers,
whose image already holds them.
"""

from setuptools import setup

PACKAGES = [
    "data_prep",
    "data_prep.images",
    "data_prep.quickdraw",
    "data_prep.sample",
    "trainer",
    "trainer.networks",
    "trainer.pictures",
    "trainer.tuning",
    "components",
    "components.decoder_trainer",
    "components.example_preparation",
    "components.latent_evaluator",
    "components.tuner",
    "components.latent_evaluator.metrics",
    "components.latent_evaluator.report",
    "components.span_drift",
    "pipeline",
    "pipeline.cluster",
    "pipeline.doctor",
]

setup(
    name="latentforge",
    version="0.1.0",
    description="Train, judge and push generative image decoders with Beam, TFX and Keras",
    license="Apache-2.0",
    python_requires=">=3.11,<3.12",
    packages=PACKAGES,
    package_data={
        "pipeline": ["presets/*.yaml"],
        "components.latent_evaluator.report": ["templates/*"],
    },
    entry_points={"console_scripts": ["latentforge=pipeline.cli:main"]},
)
