"""The outline of a procedural face's head, and its colours.

Coordinates: pixels from the point between the eyes, x to the right and y down.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.synthetic.face_model import Face
from data_prep.synthetic.face_pen import between, hsv, mix, rgb, smooth

Array = npt.NDArray[Any]

_SKIN = np.array([  # dark to fair
    (124, 80, 60), (152, 98, 70), (194, 134, 98), (226, 170, 132), (240, 196, 164),
    (255, 230, 218),
])  # fmt: skip
_HAIR = {
    "black": rgb(36, 31, 36),
    "brown": rgb(98, 56, 30),
    "blond": rgb(232, 190, 96),
    "gray": rgb(172, 174, 180),
    "bald": rgb(96, 74, 60),  # of brows and beard
}
_IRIS = np.array([(58, 36, 24), (96, 62, 34), (78, 112, 66), (66, 118, 172)])
_BLACK, _WHITE = rgb(0, 0, 0), rgb(255, 255, 255)


class Head:
    """The outline of a head: half as wide as `width`, from y = -52 down to `chin`."""

    def __init__(self, face: Face):
        m, male = face.measures, face.traits["sex"] == "male"
        self.width = 40 + 1.5 * male + 6 * m["fullness"]
        self.chin = 48 + 1.5 * male + m["chin"]
        self.jaw = m["jaw"]  # 0: pointed, 1: square
        self.fullness = m["fullness"]  # 0 to 1, of the cheeks

    def half(self, grow: float = 0.0) -> Array:
        """Returns the right half of the outline, crown to chin, `grow` pixels further out."""
        w, c = self.width + grow, self.chin + grow
        corner = 0.74 + 0.13 * self.jaw + 0.08 * self.fullness
        chin = 0.36 + 0.2 * self.jaw + 0.1 * self.fullness
        crown = [(0, -52 - grow), (0.55 * w, -47 - grow), (0.90 * w, -28), (w, -4)]
        return smooth(
            [*crown, (0.96 * w, 16), (corner * w, 0.68 * c), (chin * w, 0.93 * c), (0, c)]
        )


class Colours:
    """The colours of one face, RGB float64 [3] in 0 to 255."""

    def __init__(self, face: Face):
        m, shade = face.measures, face.measures["hair_shade"]
        self.skin = between(_SKIN, m["tone"])
        self.shadow = mix(self.skin, rgb(120, 50, 30), 0.22)  # of the skin
        self.line = mix(self.skin, rgb(84, 30, 20), 0.48)  # nose, wrinkles, closed lips
        self.lips = mix(self.skin, rgb(172, 62, 62), 0.52)
        if face.traits["lipstick"] == "yes":
            self.lips = hsv(0.97 + 0.02 * shade, 0.88, 0.78)
        plain = _HAIR[face.traits["hair"]]
        self.hair = mix(plain, _WHITE if shade > 0 else _BLACK, 0.06 * abs(shade))
        self.hair_dark = mix(self.hair, rgb(20, 8, 12), 0.3)
        self.hair_light = mix(self.hair, _WHITE, 0.16)
        self.iris = between(_IRIS, m["iris"])
        self.accent = hsv(m["accent_hue"], 0.62, 0.72)
        self.clothes = hsv(m["clothes_hue"], 0.45, 0.62)
        self.backdrop = hsv(m["backdrop_hue"], 0.32, m["backdrop_light"])
