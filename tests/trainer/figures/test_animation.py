import io

import numpy as np
from PIL import Image

from trainer.figures.animation import LAST_FRAME_MS, animate
from trainer.figures.sheet import to_png


def test_a_gif_shows_every_picture_and_repeats():
    greys = [0, 90, 180, 255]
    content = animate([to_png(Image.new("L", (8, 6), grey)) for grey in greys], 100)
    gif = Image.open(io.BytesIO(content))
    assert gif.format == "GIF" and gif.size == (8, 6)
    assert gif.n_frames == 4
    assert gif.info["loop"] == 0  # for ever
    durations, shown = [], []
    for frame in range(4):
        gif.seek(frame)
        durations.append(gif.info["duration"])
        shown.append(int(np.asarray(gif.convert("L")).mean()))
    assert durations == [100, 100, 100, LAST_FRAME_MS]
    assert shown == greys


def test_greys_keep_their_shade():
    ramp = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    gif = Image.open(io.BytesIO(animate([to_png(Image.fromarray(ramp))], 100)))
    error = np.abs(np.asarray(gif.convert("L")).astype(int) - ramp)
    assert error.max() == 0
