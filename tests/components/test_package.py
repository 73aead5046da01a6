"""The package is a light door to heavy classes."""

import subprocess
import sys

import pytest

import components


def test_importing_it_starts_no_tfx():
    code = "import sys, components; assert not {'tfx', 'tensorflow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", components.__all__)
def test_every_name_is_there(name):
    assert getattr(components, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = components.Nothing


def test_artifact_types_are_found_by_their_type_name_and_have_no_properties():
    """What the V2 compiler asks of a type that is not TFX's own."""
    from tfx.utils import import_utils

    evaluation = components.Evaluation
    assert import_utils.import_class_by_path(evaluation.TYPE_NAME) is evaluation
    assert not evaluation.PROPERTIES
