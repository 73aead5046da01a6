"""The classes of CIFAR-10 and the rows of its binary batches. Light, as configs ask for them."""

from __future__ import annotations

from collections.abc import Sequence

from data_prep.config_base import require

LABELS = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
SIDE = 32
ROW = 1 + 3 * SIDE * SIDE  # bytes: the label, then the red, green and blue planes


def class_names(chosen: Sequence[str]) -> tuple[str, ...]:
    """Returns the CIFAR-10 classes of names or indices.

    Raises:
      InputError: for anything else.
    """
    names = [LABELS[int(c)] if c.isdecimal() and int(c) < len(LABELS) else c for c in chosen]
    for name in names:
        require(name in LABELS, "classes", name, f"0 to 9 or {', '.join(LABELS)}")
    return tuple(names)


def student_classes(number: str) -> tuple[str, ...]:
    """Returns the course's assignment: the four classes of the last distinct digits of a number.

    1032259319 -> 1, 3, 5, 9.
    """
    require(number.isdecimal(), "student_number", number, "digits")
    digits = list(dict.fromkeys(reversed(number)))[:4]
    require(len(digits) == 4, "student_number", number, "at least four different digits")
    return class_names(sorted(digits))
