"""The installable project: four packages and the `latentforge` command.

Dependencies are not listed here on purpose. requirements.lock pins all of them with
hashes, and this file is also what `--setup_file=./setup.py` ships to Beam workers,
whose image already holds them.
"""

from setuptools import setup

PACKAGES = [
    "data_prep",
    "data_prep.formats",
    "data_prep.job",
    "data_prep.pixels",
    "data_prep.records",
    "data_prep.sources",
    "data_prep.synthetic",
    "trainer",
    "trainer.config",
    "trainer.data",
    "trainer.export",
    "trainer.figures",
    "trainer.measures",
    "trainer.models",
    "trainer.networks",
    "trainer.training",
    "trainer.tuning",
    "components",
    "components.blessed_models",
    "components.decoder_pusher",
    "components.decoder_trainer",
    "components.example_preparation",
    "components.example_validator",
    "components.feature_extractor",
    "components.latent_evaluator",
    "components.latent_evaluator.metrics",
    "components.latent_evaluator.passes",
    "components.latent_evaluator.report",
    "components.latent_evaluator.vectors",
    "components.schema_import",
    "components.span_drift",
    "components.tuner",
    "pipeline",
    "pipeline.cli",
    "pipeline.cluster",
    "pipeline.cluster.submit",
    "pipeline.cluster.targets",
    "pipeline.config",
    "pipeline.dag",
    "pipeline.doctor",
    "pipeline.generate",
    "pipeline.local",
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
    entry_points={"console_scripts": ["latentforge=pipeline.cli.main:main"]},
)
