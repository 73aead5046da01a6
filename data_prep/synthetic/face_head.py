"""The outline of a procedural face's head, and its colours.

Coordinates: pixels from the point between the eyes, x to the right and y down.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.synthetic.face_model import Face
from data_prep.synthetic.face_pen import between, hsv, mirrored, mix, rgb, smooth

Array = npt.NDArray[Any]

_SKIN = np.array(  # dark to fair
    [
        (124, 80, 60),
        (152, 98, 70),
        (194, 134, 98),
        (226, 170, 132),
        (240, 196, 164),
        (255, 230, 218),
    ]
)
_HAIR = {
    "black": rgb(36, 31, 36),
    "brown": rgb(98, 56, 30),
    "blond": rgb(232, 190, 96),
    "gray": rgb(172, 174, 180),
    "bald": rgb(96, 74, 60),  # of brows and beard
}
_IRIS = np.array([(58, 36, 24), (96, 62, 34), (78, 112, 66), (66, 118, 172)])
_BLACK, _WHITE = rgb(0, 0, 0), rgb(255, 255, 255)


@dataclasses.dataclass(frozen=True)
class Head:
    """The outline of a head: half as wide as `width`, from y = -52 down to `chin`."""

    width: float
    chin: float
    jaw: float  # 0: pointed, 1: square
    fullness: float  # 0 to 1, of the cheeks

    def outline(self, grow: float = 0.0) -> Array:
        """Returns the closed outline, float64 [n, 2], `grow` pixels further out."""
        return mirrored(self.half(grow))

    def half(self, grow: float = 0.0) -> Array:
        """Returns the right half of the outline, from the crown to the chin."""
        w, c = self.width + grow, self.chin + grow
        corner = 0.74 + 0.13 * self.jaw + 0.08 * self.fullness
        chin = 0.36 + 0.2 * self.jaw + 0.1 * self.fullness
        knots = [
            (0, -52 - grow),
            (0.55 * w, -47 - grow),
            (0.90 * w, -28),
            (w, -4),
            (0.96 * w, 16),
            (corner * w, 0.68 * c),
            (chin * w, 0.93 * c),
            (0, c),
        ]
        return smooth(knots)


@dataclasses.dataclass(frozen=True)
class Colours:
    """The colours of one face, RGB float64 [3] in 0 to 255."""

    skin: Array
    shadow: Array  # of the skin
    line: Array  # on the skin: nose, wrinkles, closed lips
    lips: Array
    hair: Array
    hair_dark: Array
    hair_light: Array
    iris: Array
    accent: Array
    clothes: Array
    backdrop: Array


def head_of(face: Face) -> Head:
    m = face.measures
    male = face.traits["sex"] == "male"
    return Head(
        width=40 + 1.5 * male + 6 * m["fullness"],
        chin=48 + 1.5 * male + m["chin"],
        jaw=m["jaw"],
        fullness=m["fullness"],
    )


def colours_of(face: Face) -> Colours:
    m = face.measures
    skin = between(_SKIN, m["tone"])
    line = mix(skin, rgb(84, 30, 20), 0.48)
    hair = _HAIR[face.traits["hair"]]
    shade = m["hair_shade"]
    hair = mix(hair, _WHITE if shade > 0 else _BLACK, 0.06 * abs(shade))
    painted = face.traits["lipstick"] == "yes"
    return Colours(
        skin=skin,
        shadow=mix(skin, rgb(120, 50, 30), 0.22),
        line=line,
        lips=hsv(0.97 + 0.02 * shade, 0.88, 0.78) if painted else mix(skin, rgb(172, 62, 62), 0.52),
        hair=hair,
        hair_dark=mix(hair, rgb(20, 8, 12), 0.3),
        hair_light=mix(hair, _WHITE, 0.16),
        iris=between(_IRIS, m["iris"]),
        accent=hsv(m["accent_hue"], 0.62, 0.72),
        clothes=hsv(m["clothes_hue"], 0.45, 0.62),
        backdrop=hsv(m["backdrop_hue"], 0.32, m["backdrop_light"]),
    )
