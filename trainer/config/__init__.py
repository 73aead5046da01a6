"""The trainer's configuration and its registries. Standard library and data_prep.config_base only.

trainer           TrainerConfig: image, model and training, as JSON in custom_config["settings"];
                  FeatureNetworkConfig
hyperparameters   the table of what a search, an override or a run's parameters may set
families          name -> the class of a model and what the project asks about it
architectures     name -> the builders of its networks and what they ask of images
choices           name -> likelihood, optimizer, learning-rate schedule, tracker
imported          how entries of a registry are imported when they are first needed
"""

from trainer.config.trainer import (  # noqa: F401, for others to import from here
    CHECKPOINT_ROOT,
    CODE_VERSION,
    CONDITION_FEATURES,
    LABEL_INDEX,
    OVERRIDES,
    SETTINGS,
    FeatureNetworkConfig,
    GanConfig,
    ImageShape,
    ModelConfig,
    TrainConfig,
    TrainerConfig,
)
