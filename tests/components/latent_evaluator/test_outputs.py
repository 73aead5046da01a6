"""The picture holds the images it was given, where they belong."""

import numpy as np

from components.latent_evaluator.outputs import MAX_LABELS, model_sheet


def flat(value, n, side=4, channels=1):
    return np.full((n, side, side, channels), value, np.uint8)


def colors(sheet):
    return {color for _, color in sheet.getcolors(1 << 24)}


def test_reals_reconstructions_and_samples_are_all_there():
    sheet = model_sheet([("cat", flat(11, 3), flat(22, 3))], flat(33, 6), "title", "caption")
    pixels = np.asarray(sheet)
    places = {
        value: np.argwhere((pixels == value).all(axis=2)).min(axis=0)[0] for value in (11, 22, 33)
    }
    assert places[11] < places[22] < places[33]  # from top to bottom
    # 4 pixels enlarged 14 times: 56 x 56 for each image
    for value, images in ((11, 3), (22, 3), (33, 6)):
        assert (pixels == value).all(axis=2).sum() == images * 56 * 56


def test_colour_images_keep_their_colours():
    red = np.zeros((1, 4, 4, 3), np.uint8)
    red[..., 0] = 200
    assert (200, 0, 0) in colors(model_sheet([("", red, red)], red, "t", "c"))


def test_a_thousand_labels_stay_one_picture():
    rows = [(f"a long label {i:04}", flat(i % 256, 2), flat(7, 2)) for i in range(1000)]
    few = model_sheet(rows[:MAX_LABELS], flat(9, 2), "t", "c")
    assert model_sheet(rows, flat(9, 2), "t", "c").size == few.size


def test_large_images_are_not_enlarged():
    large = flat(50, 1, side=256)
    sheet = model_sheet([("", large, large)], large, "t", "c")
    assert (np.asarray(sheet) == 50).all(axis=2).sum() == 3 * 256 * 256
