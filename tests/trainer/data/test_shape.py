"""The rules by which a trainer's config fits a data set, before and after it is prepared."""

import pytest

from data_prep.errors import InputError
from trainer.config import ImageShape, ModelConfig, TrainerConfig
from trainer.data.shape import DataShape, check_shape

COLOUR = ImageShape(channels=3)


def conditional(condition):
    return TrainerConfig(model=ModelConfig(family="cvae", condition=condition))


def test_words_that_are_not_known_yet_serve_as_a_condition():
    check_shape(conditional("label"), DataShape(labels=None))
    check_shape(conditional("attributes"), DataShape(attributes=("hat",)))
    check_shape(TrainerConfig(), DataShape())


@pytest.mark.parametrize(
    ("config", "shape", "message"),
    [
        (TrainerConfig(), DataShape(image=COLOUR), r"image\.channels: got 1, allowed: 3, as the"),
        (TrainerConfig(labels=("cat",)), DataShape(labels=("dog",)), "labels: .*data: dog"),
        (TrainerConfig(attributes=("hat",)), DataShape(), "attributes: .*data: none"),
        (conditional("label"), DataShape(), r"model\.condition: got 'label', allowed: none, as"),
        (
            conditional("attributes"),
            DataShape(labels=None),
            r"model\.condition: got 'attributes', allowed: label, as the data has",
        ),
        (
            conditional("label"),
            DataShape(attributes=("hat",)),
            r"model\.condition: got 'label', allowed: attributes, as the data has",
        ),
    ],
)
def test_a_config_for_other_data_is_refused(config, shape, message):
    with pytest.raises(InputError, match=f"^{message}"):
        check_shape(config, shape)
