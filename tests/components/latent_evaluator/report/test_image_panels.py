"""Which codes are decoded: the pixels of the model tell."""

import base64
import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from components.latent_evaluator.report import image_panels
from components.latent_evaluator.report.data_uri import Picture, sprite, tiles
from components.latent_evaluator.report.model_view import ModelView
from trainer.figures.latent_walks import EDITS, TRAVERSAL


@pytest.fixture
def drawn(monkeypatch):
    """The images of each picture, by what it is called for those who cannot see it."""
    seen = {}

    def keep(images, alt, *rest, **more):
        seen[alt] = images
        return Picture("data:", alt, 1, 1)

    monkeypatch.setattr(image_panels, "tiles", keep)
    monkeypatch.setattr(image_panels, "sprite", keep)
    return seen


def codes(images):
    """z0 and z1 of decoded images, float [n, 2]."""
    return (images[:, 0, [0, -1], 0] / 255 - 0.5) * 10


def close(values):
    return pytest.approx(np.asarray(values), abs=0.021)  # a level of grey is 0.039


def test_an_edit_walks_from_minus_4_to_4_along_the_unit_vector(make_inputs, drawn):
    subject = ModelView(make_inputs())
    first = image_panels.edits(subject)[0]
    assert (first.title, first.columns[1], first.columns[5]) == ("Smiling", "−4", "0")
    assert first.note == "AUC 0.95 (0.90 to 0.99) on held-out images"
    row = drawn["Image 3, then its reconstruction with Smiling from -4 to 4"]
    assert np.array_equal(row[0], subject.shown.images[2])
    z = subject.shown.z_mean[2]
    assert codes(row[1:]) == close([[z[0] + s, z[1]] for s in EDITS])


def test_named_edits_come_first_and_those_that_say_nothing_are_left_out(make_inputs, drawn):
    inputs = make_inputs(edits=("Male",))
    vectors = inputs.vectors
    auc = np.array([0.55, 0.5, 0.9, np.nan])
    inputs = dataclasses.replace(inputs, vectors=dataclasses.replace(vectors, auc=auc))
    titles = [panel.title for panel in image_panels.edits(ModelView(inputs))]
    assert titles == ["Male", vectors.names[2]]


def test_an_orthogonalised_vector_follows_its_own(make_inputs, drawn):
    vectors = make_inputs().vectors
    removed = {"Smiling": (("Male",), np.float32([0, 0, 0, 2]))}
    inputs = make_inputs(vectors=dataclasses.replace(vectors, orthogonalised=removed))
    titles = [panel.title for panel in image_panels.edits(ModelView(inputs))]
    assert titles[:3] == ["Smiling", "Smiling without Male", "Male"]


def test_a_frame_of_the_slider_is_a_row_of_all_faces_at_one_strength(make_inputs, drawn):
    subject = ModelView(make_inputs())
    walk = image_panels.walks(subject)[1]
    assert walk.name == "Male" and walk.strengths[0] == -4 and walk.strengths[-1] == 4
    frames = drawn["Images along the vector of Male"].reshape(17, 5, 16, 16, 3)
    for number, strength in enumerate(walk.strengths):
        z = subject.shown.z_mean[:5, :2] + [0, strength]
        assert codes(frames[number]) == close(z)


def test_traversals_take_the_dimensions_by_kl(make_inputs, drawn):
    subject = ModelView(make_inputs())
    panel = image_panels.traversals(subject)
    assert [(s.name, s.note) for s in panel.strips][:2] == [("z1", "KL 2.00"), ("z2", "KL 1.00")]
    row = drawn["Latent dimension 1 from -3 to 3"]
    assert codes(row) == close([[subject.shown.z_mean[0, 0], value] for value in TRAVERSAL])


def test_the_plane_of_the_manifold_has_most_kl_and_keeps_the_rest_of_an_image(make_inputs, drawn):
    subject = ModelView(make_inputs())
    assert "z1 grows to the right, z2 downwards" in image_panels.manifold(subject).note
    grid = codes(drawn["Manifold"]).reshape(15, 15, 2)
    assert grid[..., 0] == close(np.full((15, 15), subject.shown.z_mean[0, 0]))
    assert grid[7, [0, 7, 14], 1] == close([-1.645, 0, 1.645])


def test_a_morph_has_the_real_images_at_its_ends(make_inputs, drawn):
    subject = ModelView(make_inputs())
    image_panels.morphs(subject)
    row = drawn["From an image to an image in equal steps"]
    a, b = subject.shown.z_mean[10, :2], subject.shown.z_mean[11, :2]
    assert np.array_equal(row[[0, -1]], subject.shown.images[[10, 11]])
    assert codes(row[[1, 10]]) == close([a, b])
    assert codes(row[[4]])[0] == close(a + (b - a) / 3)


def test_a_style_goes_through_the_labels_with_the_code_held(make_inputs, drawn):
    subject = ModelView(make_inputs("drawings"))
    panel = image_panels.styles(subject)
    assert list(panel.columns) == ["real", "bar", "ring"]
    assert [strip.name for strip in panel.strips][:2] == ["bar", "ring"]
    row = drawn["The style of one ring under each name"]
    assert [image[-1, 0, 0] for image in row[1:]] == [255, 0]
    assert codes(row[1:])[0] == close(codes(row[1:])[1])


def test_without_a_prior_codes_are_spread_as_the_images_are(make_inputs, drawn):
    subject = ModelView(make_inputs("bare"))
    z = subject.shown.z_mean
    first = int(np.argmax(z.var(axis=0)))
    panel = image_panels.traversals(subject)
    assert panel.strips[0].name == f"z{first}"
    assert panel.strips[0].note == f"variance {z.var(axis=0)[first]:.2f}"
    values = codes(drawn["Latent dimension 0 from -3 to 3"])[:, 0]
    assert values == close(z[:, 0].mean() + TRAVERSAL * z[:, 0].std())


def unpacked(picture):
    content = base64.b64decode(picture.uri.removeprefix("data:image/webp;base64,"))
    image = Image.open(io.BytesIO(content))
    assert image.size == (picture.width, picture.height)
    return np.asarray(image)


def test_tiles_are_exact_with_gaps_through_which_the_page_is_seen():
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), np.uint8)
    picture = unpacked(tiles(images, "", columns=2))
    assert picture.shape == (4 * 28 + 2, 4 * 28 + 2, 4)  # twice as large, with a gap of 1
    assert np.array_equal(picture[:56:2, 58::2, 0], images[1, ..., 0])
    assert picture[:, 56:58, 3].max() == 0 and picture[58:, 58:, 3].max() == 0
    assert picture[:56, :56, 3].min() == 255


def test_a_sprite_is_a_row_of_images_for_each_frame():
    images = np.repeat(np.arange(0, 240, 40, dtype=np.uint8), 64 * 64 * 3).reshape(6, 64, 64, 3)
    picture = unpacked(sprite(images, "", columns=2))
    assert picture.shape == (192, 128, 3)
    assert picture[32::64, 32::64, 0] == pytest.approx(
        np.array([[0, 40], [80, 120], [160, 200]]), abs=6
    )
