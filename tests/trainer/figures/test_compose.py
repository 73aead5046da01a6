"""Figures of a view whose images tell their codes and conditions: the first pixel is z0, the
second the first value of the condition."""

import numpy as np

from trainer.figures import compose
from trainer.figures.compose import Figure, Row, Starts
from trainer.figures.latent_walks import EDITS, TRAVERSAL


class View:
    def __init__(self, conditions=(), by_label=True):
        self.conditions, self.by_label = conditions, by_label

    def decode(self, codes, condition=None):
        images = np.zeros((len(codes), 1, 2, 1), np.uint8)
        images[:, 0, 0, 0] = np.rint(100 + 10 * np.asarray(codes)[:, 0])
        if condition is not None:
            values = np.broadcast_to(condition, (len(codes), len(self.conditions)))
            images[:, 0, 1, 0] = np.rint(100 * values[:, 0])
        return images

    def sample(self, count, condition=None):
        return self.decode(np.arange(count)[:, None], condition)


LABELS = View(("bar", "ring"))


def real(count):
    return np.full((count, 1, 2, 1), 255, np.uint8)


def pixels(row):
    return row.images[:, 0, 0, 0].tolist()


def conditions(row):
    return row.images[:, 0, 1, 0].tolist()


def test_each_line_of_real_images_is_over_its_reconstructions():
    codes = np.arange(12)[:, None]
    figure = compose.reconstructions(View(), Starts(codes, None, real(12), ["a"] * 12))
    assert [(row.name, row.note) for row in figure.rows] == [
        ("real", ""),
        ("", "reconstructed"),
    ] * 2
    assert [len(row.images) for row in figure.rows] == [10, 10, 2, 2] and figure.width == 10
    assert pixels(figure.rows[3]) == [200, 210]
    assert figure.rows[2].alt == "Real images 11 to 12"
    notes = compose.reconstructions(View(), Starts(codes, None, real(12)), grouped=False).rows
    assert (notes[0].name, notes[0].note) == ("", "real")


def test_samples_are_of_the_same_codes_under_each_condition():
    figure = compose.samples(LABELS, 3, compose.each_condition(LABELS))
    assert [row.name for row in figure.rows] == ["bar", "ring"]
    assert [conditions(row) for row in figure.rows] == [[100] * 3, [0] * 3]
    assert pixels(figure.rows[0]) == pixels(figure.rows[1]) == [100, 110, 120]
    alone = compose.samples(View(), 3, compose.each_condition(View()))
    assert alone.title == "3 samples of the prior" and alone.rows[0].name == ""


def test_only_the_named_conditions_are_shown():
    assert [name for name, _ in compose.each_condition(LABELS, ("ring",))] == ["ring"]


def test_a_traversal_moves_one_dimension_in_units_of_the_prior():
    start = Starts(np.array([[1.0, 5.0]]))
    prior = np.array([2.0, 0.0]), np.array([0.5, 1.0])
    figure = compose.traversals(View(), start, prior, {1: "large", 0: "small"})
    assert [(row.name, row.note) for row in figure.rows] == [("z1", "large"), ("z0", "small")]
    assert pixels(figure.rows[0]) == [110] * 13
    assert pixels(figure.rows[1]) == np.rint(100 + 10 * (2 + 0.5 * TRAVERSAL)).tolist()
    assert figure.columns[0] == "-3" and figure.columns[6] == "0"


def test_edits_begin_with_the_real_image_where_there_is_one():
    codes, step = np.array([[1.0], [2.0]]), np.array([0.5])
    figure = compose.edits(View(), Starts(codes, None, real(2)), "wide", step)
    assert [pixels(row)[0] for row in figure.rows] == [255, 255]
    assert pixels(figure.rows[1])[1:] == (120 + 5 * EDITS).tolist()
    drawn = compose.edits(View(), Starts(codes), "wide", step)
    assert len(drawn.columns) == len(drawn.rows[0].images) == 9


def test_stacked_figures_are_groups_that_have_their_titles():
    figures = [Figure([Row(real(1)), Row(real(1))], ["x"], title=name) for name in ("a", "b")]
    figure = compose.stack(figures, "both")
    assert [row.name for row in figure.rows] == ["a", "", "b", ""]
    assert figure.columns == ["x"] and figure.title == "both"


def test_a_morph_interpolates_codes_and_conditions():
    starts = Starts(np.array([[0.0], [4.0]]), np.eye(2), real(2), ["bar", ""])
    (row,) = compose.morphs(LABELS, starts, 3).rows
    assert pixels(row) == [255, 100, 120, 140, 255]
    assert conditions(row)[1:4] == [100, 50, 0]
    assert row.alt == "From bar to an image in equal steps"


def test_a_style_sets_labels_and_inverts_attributes():
    own = np.array([[1.0, 1.0]])
    starts = Starts(np.array([[3.0]]), own, real(1), ["bar"])
    (row,) = compose.styles(LABELS, starts).rows
    assert row.name == "bar" and conditions(row)[1:] == [100, 0] and pixels(row)[1:] == [130, 130]
    (row,) = compose.styles(View(("young", "smiling"), by_label=False), starts).rows
    assert conditions(row)[1:] == [0, 100]


def test_a_mix_is_below_its_labels():
    codes = np.array([[0.0], [1.0]])
    figure = compose.mixes(LABELS, codes, ("ring", "bar"), (0.7, 0.3))
    assert [row.name for row in figure.rows] == ["ring", "bar", "mix"]
    assert [conditions(row) for row in figure.rows] == [[0, 0], [100, 100], [30, 30]]
    assert figure.title == "0.7 ring + 0.3 bar"


def test_the_grid_between_labels_has_them_at_its_corners():
    figure = compose.label_grid(LABELS, np.zeros(1), ("bar", "ring", "ring", "bar"), 3)
    (row,) = figure.rows
    assert figure.width == 3 and conditions(row) == [100, 50, 0, 50, 50, 50, 0, 50, 100]
