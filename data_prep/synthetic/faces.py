"""The procedural faces as files, in the layout of CelebA: aligned JPEGs and the official lists.

The lists hold for every picture, as CelebA's do, 40 attributes as 1 and -1, the identity and
the partition (0 train, 1 validation, 2 test), which no identity shares with another.
Attributes that no part of the drawing shows (Attractive, Blurry, High_Cheekbones) are -1.
FACTORS_FILE holds everything a picture was drawn from, so it can be drawn again.
"""

from __future__ import annotations

import csv
import os
import shutil
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from data_prep.config_base import require
from data_prep.errors import InputError
from data_prep.features import CELEBA_ATTRIBUTES
from data_prep.synthetic.face_drawing import draw_face
from data_prep.synthetic.face_model import MEASURES, TRAITS, Face, sample_faces

IMAGE_FOLDER = "img_align_celeba"
ATTRIBUTES_FILE = "list_attr_celeba.txt"
IDENTITIES_FILE = "identity_CelebA.txt"
PARTITION_FILE = "list_eval_partition.txt"
FACTORS_FILE = "factors.csv"

_QUALITY = 92  # of the JPEGs, near CelebA's
_HELD_OUT = {8: 1, 9: 2}  # the partition of identities that end in 8 or 9; the others are 0

_FACTORS: dict[str, Callable[[str], Any]] = {  # the columns of FACTORS_FILE
    "image_id": str,
    "identity": int,
    **dict.fromkeys(TRAITS, str),
    **dict.fromkeys(MEASURES, float),
}


def write_faces(directory: str, *, count: int, seed: int) -> str:
    """Writes `count` faces: IMAGE_FOLDER with 000001.jpg and so on, the lists and FACTORS_FILE.

    The directory appears when all of it is written, or not at all. The first faces are the
    same whatever the count; their bytes depend on the seed and the version of OpenCV alone.

    Returns:
      The path of IMAGE_FOLDER.

    Raises:
      InputError: for a count not in 1 to 999999, a seed not in 0 to 2**63 - 1, or a directory
        that holds something.
    """
    require(0 < count < 10**6, "count", count, "1 to 999999")
    require(0 <= seed < 2**63, "seed", seed, "0 to 9223372036854775807")
    directory = os.path.abspath(directory)
    if os.path.lexists(directory) and not (os.path.isdir(directory) and not os.listdir(directory)):
        raise InputError(f"{directory}: already there, allowed: a new or an empty directory")
    partial = f"{directory}.partial-{uuid.uuid4().hex}"
    try:
        os.makedirs(os.path.join(partial, IMAGE_FOLDER))
        faces = [
            (f"{number:06d}.jpg", identity, face)
            for number, (identity, face) in enumerate(sample_faces(count, seed), start=1)
        ]
        for name, _, face in faces:
            with open(os.path.join(partial, IMAGE_FOLDER, name), "wb") as file:
                file.write(_jpeg(draw_face(face)))
        _write_lists(partial, faces)
        os.replace(partial, directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return os.path.join(directory, IMAGE_FOLDER)


def read_factors(directory: str) -> dict[str, npt.NDArray[Any]]:
    """Reads the columns of FACTORS_FILE, a row for each picture.

    image_id str, identity int64, the traits of `face_model.TRAITS` str, its MEASURES float64.
    """
    with open(os.path.join(directory, FACTORS_FILE), newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([kind(row[name]) for row in rows]) for name, kind in _FACTORS.items()}


def _jpeg(image: npt.NDArray[np.uint8]) -> bytes:
    bgr = np.ascontiguousarray(image[..., ::-1])
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


def _write_lists(directory: str, faces: Sequence[tuple[str, int, Face]]) -> None:
    lists = {
        ATTRIBUTES_FILE: [
            str(len(faces)),
            " ".join(CELEBA_ATTRIBUTES) + " ",
            *(f"{name} {_signs(face)}" for name, _, face in faces),
        ],
        IDENTITIES_FILE: [f"{name} {identity}" for name, identity, _ in faces],
        PARTITION_FILE: [f"{name} {_HELD_OUT.get(who % 10, 0)}" for name, who, _ in faces],
    }
    for file_name, lines in lists.items():
        with open(os.path.join(directory, file_name), "w") as file:
            file.writelines(f"{line}\n" for line in lines)
    with open(os.path.join(directory, FACTORS_FILE), "w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(_FACTORS)
        for name, identity, face in faces:
            values = {**face.traits, **face.measures, "image_id": name, "identity": identity}
            rows.writerow([values[column] for column in _FACTORS])


def _signs(face: Face) -> str:
    """Returns a row of ATTRIBUTES_FILE: 1 and -1 in columns of two, as the official list."""
    holds = face.attributes()
    return " ".join(" 1" if holds.get(name, False) else "-1" for name in CELEBA_ATTRIBUTES)
