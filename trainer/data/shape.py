"""The shape of a data set, and the rules by which a trainer's config fits it.

Light, so that the pipeline can apply the rules before anything is prepared; the trainer applies
the same ones to the data that it gets.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from data_prep.config_base import require
from trainer.config import ImageShape, TrainerConfig

if TYPE_CHECKING:
    from data_prep.features import ImageSpec
    from data_prep.manifest import Manifest


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataShape:
    """The image, the names and the extra features of a data set.

    labels: sorted; None where the data is labelled with words that only reading it tells.
    extras: names of the features that this source adds to every example.
    """

    image: ImageShape = dataclasses.field(default_factory=ImageShape)
    labels: tuple[str, ...] | None = ()
    attributes: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()

    @property
    def labelled(self) -> bool:
        return self.labels is None or bool(self.labels)

    @classmethod
    def of_manifest(cls, manifest: Manifest) -> DataShape:
        return cls(
            image=image_shape(manifest.image),
            labels=tuple(manifest.labels),
            attributes=tuple(manifest.attributes),
            extras=tuple(manifest.extras),
        )


def image_shape(image: ImageSpec) -> ImageShape:
    return ImageShape(height=image.height, width=image.width, channels=image.channels)


def check_shape(config: TrainerConfig, shape: DataShape) -> None:
    """Refuses a config for images, labels or attributes that the data does not have."""
    for name in ("height", "width", "channels"):
        configured, prepared = getattr(config.image, name), getattr(shape.image, name)
        words = f"{prepared}, as the data was prepared"
        require(configured == prepared, f"image.{name}", configured, words)
    for name in ("labels", "attributes"):
        configured, prepared = getattr(config, name), getattr(shape, name)
        words = f"those of the data: {', '.join(prepared or ()) or 'none'}"
        require(not configured or configured == prepared, name, configured, words)
    condition = config.model.condition
    holds = {"label": shape.labelled, "attributes": bool(shape.attributes)}
    conditions = " or ".join(name for name, held in holds.items() if held) or "none"
    words = f"{conditions}, as the data has"
    require(condition == "none" or holds[condition], "model.condition", condition, words)
