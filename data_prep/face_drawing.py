"""Draws a procedural face: a flat, friendly cartoon with the proportions of an aligned photo.

The pen's origin lies between the eyes, which are where CelebA's alignment puts them, and a
unit is a pixel. The centre 148 x 148 crop holds the whole head, from the hat to the knot of
the tie. What differs between faces comes from the measures; traits only switch parts on.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from data_prep.face_hair import HeadShape, Hairdo, beard, fringe, front_hair, hair_behind, hat
from data_prep.face_model import Face
from data_prep.face_pen import (
    OVERSAMPLING,
    Pen,
    between,
    ellipse,
    hsv,
    mirrored,
    mix,
    rgb,
    smooth,
)

WIDTH, HEIGHT = 178, 218  # pixels, as CelebA's aligned pictures
EYE_LEVEL = (89.0, 111.0)  # the point between the eyes; they lie 20 pixels to its sides

_EYE = 20.0
_WHITE, _INK = rgb(255, 255, 255), rgb(38, 30, 34)
_SKIN = np.array(  # dark to fair
    [(92, 58, 42), (143, 90, 60), (196, 136, 96), (231, 178, 140), (250, 219, 196), (255, 238, 230)]
)
_IRIS = np.array([(58, 36, 24), (92, 60, 34), (74, 104, 62), (66, 112, 160), (110, 130, 142)])

Array = npt.NDArray[Any]
