"""The features of an Example, the splits, and the shape of the images."""

from __future__ import annotations

from typing import NamedTuple

IMAGE = "image"  # raw uint8 bytes, height * width * channels
KEY = "key"  # stable bytes: key_id in decimal, file name, ...
LABEL = "label"  # the word or class, bytes; absent where the data has none
ATTRIBUTES = "attributes"  # int64 0/1 in the manifest's order; absent where none
IMAGE_MEAN = "image_mean"  # float32, mean pixel value in [0, 255]
IMAGE_STD = "image_std"  # float32, standard deviation of the pixel values
INK = "ink"  # float32, share of drawn (or bright) pixels in [0, 1]

# Quick Draw
COUNTRYCODE = "countrycode"  # two letters, bytes
RECOGNIZED = "recognized"  # int64 0/1
TIMESTAMP = "timestamp"  # int64, seconds since 1970 UTC

# CelebA
IDENTITY = "identity"  # int64

SPLITS = ("train", "eval", "test")


class ImageSpec(NamedTuple):
    """The size and kind of the images of a data set, each uint8 [height, width, channels]."""

    height: int
    width: int
    channels: int
    ink: str  # "black" or "white": the colour of the lines; "none" for photos

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.height, self.width, self.channels

    @property
    def size(self) -> int:
        """The bytes of an image."""
        return self.height * self.width * self.channels


CELEBA_ATTRIBUTES = (  # in the order of the official list
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs",
    "Big_Lips", "Big_Nose", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows",
    "Chubby", "Double_Chin", "Eyeglasses", "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones",
    "Male", "Mouth_Slightly_Open", "Mustache", "Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin",
    "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks", "Sideburns", "Smiling", "Straight_Hair",
    "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat", "Wearing_Lipstick", "Wearing_Necklace",
    "Wearing_Necktie", "Young",
)  # fmt: skip
