"""The built-in data sources. Light, so that a config and `--help` need no reader.

To add one: a class here, and a module with its reader, which the class imports in `reader`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from data_prep import features
from data_prep.config import LISTS, RASTERIZERS, PrepConfig, SampleConfig
from data_prep.errors import InputError
from data_prep.formats import cifar10
from data_prep.formats.pictures import PICTURES
from data_prep.source_registry import GeneratedSource, Option, Source, register_source

if TYPE_CHECKING:
    from data_prep.filesystem import InputFile
    from data_prep.sources.base import Reader

FASHION_LABELS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def _labels(flag: str, of: str) -> Option:
    return Option(name="words", flag=flag, metavar="A,B,…", help=f"Only these {of}.")


def _image_size(side: int) -> Option:
    return Option(name="image_size", metavar="PIXELS", default=side, show_default=True)


def _crop(default: str, text: str) -> Option:
    names = {"none": 0, "square": -1}
    return Option(name="crop", default=default, show_default=True, help=text, names=names)


def _sample_seed(of: str) -> Option:
    return Option(name="seed", flag="--sample-seed", show_default=True, help=f"Seed of the {of}.")


_RASTERIZED = (
    _image_size(28),
    Option(
        name="rasterizer", choices=RASTERIZERS, show_default=True,
        help="official: anti-aliased, white on black; book: the cookbook's, at 32 pixels.",
    ),
    Option(name="recognized_only", help="Only drawings the game recognized."),
)  # fmt: skip
_ALIGNED_CROPS = "none, 108, 140 or 148 pixels, centred."


class _Drawings(Source):
    """Drawings as strokes or bitmaps, one file a word."""

    options = (_labels("--words", "words"), *_RASTERIZED)
    extensions = (".bin", ".ndjson", ".npy")
    label_from = "file"
    channels = 1
    extras: ClassVar[Mapping[str, type]] = {
        features.COUNTRYCODE: bytes, features.RECOGNIZED: bool, features.TIMESTAMP: int,
    }  # fmt: skip

    def is_known_unread(self, names: Sequence[str]) -> bool:
        return all(os.path.splitext(name)[1].lower() in self.extensions for name in names)

    def reader(self, config: PrepConfig, files: Sequence[InputFile]) -> Reader:
        from data_prep.sources.quickdraw import QuickDrawReader

        return QuickDrawReader(config, files)


@register_source("quickdraw")
class QuickDraw(_Drawings):
    """Google's Quick, Draw! drawings."""

    input_help = ".bin, .ndjson (simplified or raw) or .npy files, or a folder of them"


@register_source("sample")
class Sample(GeneratedSource, _Drawings):
    """Procedural drawings with known factors, made here; their files go to DIR/raw."""

    generated_by = "data_prep.synthetic.drawings"
    sample_options = (
        Option(name="per_word", default=1000, show_default=True, help="Drawings a word."),
        _sample_seed("drawings"),
    )

    def folder_name(self, sample: SampleConfig) -> str:
        return f"sample-{sample.per_word}-{sample.seed}"

    def generate(self, folder: str, sample: SampleConfig) -> None:
        self.generator().write_drawings(folder, per_word=sample.per_word, seed=sample.seed)

    def generated_input(self, folder: str) -> str:
        return os.path.join(folder, "*.bin")

    def generated_factors(self, folder: str) -> str:
        return os.path.join(folder, self.generator().FACTORS_FILE)


class _Faces(Source):
    """Aligned faces in a folder or zip, with CelebA's lists."""

    extensions = (*PICTURES, ".zip")
    lists = LISTS
    extras: ClassVar[Mapping[str, type]] = {features.IDENTITY: int}

    def reader(self, config: PrepConfig, files: Sequence[InputFile]) -> Reader:
        from data_prep.sources.celeba import CelebAReader

        return CelebAReader(config)


@register_source("celeba")
class CelebA(_Faces):
    """CelebA's aligned faces, from the official zip or a folder."""

    input_help = "img_align_celeba.zip, or the folder of its pictures"
    options = (
        Option(name="attributes", metavar="FILE", help="list_attr_celeba.txt or .csv"),
        Option(name="identities", metavar="FILE", help="identity_CelebA.txt or .csv"),
        Option(name="partition", metavar="FILE", help="list_eval_partition.txt or .csv"),
        _image_size(64),
        _crop("none", _ALIGNED_CROPS),
    )


@register_source("sample_faces")
class SampleFaces(GeneratedSource, _Faces):
    """Procedural faces with known factors in CelebA's layout; their files go to DIR/raw."""

    generated_by = "data_prep.synthetic.faces"
    sample_options = (
        Option(name="faces", show_default=True, help="Number of faces."),
        _sample_seed("faces"),
    )
    options = (_image_size(64), _crop("148", _ALIGNED_CROPS))

    def folder_name(self, sample: SampleConfig) -> str:
        return f"faces-{sample.faces}-{sample.seed}"

    def generate(self, folder: str, sample: SampleConfig) -> None:
        self.generator().write_faces(folder, count=sample.faces, seed=sample.seed)

    def generated_input(self, folder: str) -> str:
        return os.path.join(folder, self.generator().IMAGE_FOLDER, "*.jpg")

    def generated_lists(self, folder: str) -> dict[str, str]:
        faces = self.generator()
        files = (faces.ATTRIBUTES_FILE, faces.IDENTITIES_FILE, faces.PARTITION_FILE)
        return {name: os.path.join(folder, file) for name, file in zip(LISTS, files, strict=True)}


@register_source("idx")
class Idx(Source):
    """MNIST, Fashion-MNIST and other IDX files."""

    input_help = "the folder of the …-idx3-ubyte and …-idx1-ubyte files, gzip or plain"
    options = (
        Option(name="pad", metavar="PIXELS", help="Side to pad to (MNIST: 32)."),
        Option(
            name="label_names", metavar="A,B,…", names={"fashion_mnist": FASHION_LABELS},
            help="Names of the classes 0, 1, …, or fashion_mnist.",
        ),
        _labels("--classes", "classes, by name"),
    )  # fmt: skip
    extensions = ("",)  # any name that holds "-idx"
    channels = 1
    own_size = True

    def image_shape(self, config: PrepConfig) -> tuple[int, int, int]:
        side = config.pad or config.image_size
        return side, side, self.channels

    def reader(self, config: PrepConfig, files: Sequence[InputFile]) -> Reader:
        from data_prep.sources.idx import IdxReader

        return IdxReader(config, files)


@register_source("cifar10")
class Cifar10(Source):
    """CIFAR-10's binary batches."""

    input_help = "data_batch_*.bin and test_batch.bin, or their folder"
    options = (
        _labels("--classes", "classes, by name or number"),
        Option(
            name="student_number", metavar="NUMBER", default="",
            help="The four classes of its last different digits (the course's assignment).",
        ),
    )  # fmt: skip
    extensions = (".bin",)
    own_size = True

    def config_values(self, values: dict[str, Any]) -> dict[str, Any]:
        number = values.pop("student_number")
        if values["words"] and number:
            raise InputError("student_number: allowed: nothing with --classes")
        words = cifar10.student_classes(number) if number else cifar10.class_names(values["words"])
        return values | {"words": words}

    def image_shape(self, config: PrepConfig) -> tuple[int, int, int]:
        return cifar10.SIDE, cifar10.SIDE, self.channels

    def reader(self, config: PrepConfig, files: Sequence[InputFile]) -> Reader:
        from data_prep.sources.cifar10 import Cifar10Reader

        return Cifar10Reader(config, files)


@register_source("image_folder")
class ImageFolder(Source):
    """Pictures (JPEG, PNG, WebP, TIFF, …), one sub-folder a class."""

    input_help = "a folder with a sub-folder for each class, or a zip of one"
    options = (
        _image_size(64),
        _crop("square", "square (the largest), none, or pixels, centred."),
        Option(name="gray", default=False, help="One channel instead of three."),
        _labels("--classes", "classes"),
    )
    extensions = (*PICTURES, ".zip")
    folder_depth = 2
    label_from = "folder"

    def config_values(self, values: dict[str, Any]) -> dict[str, Any]:
        return values | {"channels": 1 if values.pop("gray") else 3}

    def image_shape(self, config: PrepConfig) -> tuple[int, int, int]:
        return config.image_size, config.image_size, config.channels

    def is_known_unread(self, names: Sequence[str]) -> bool:
        return True

    def reader(self, config: PrepConfig, files: Sequence[InputFile]) -> Reader:
        from data_prep.sources.image_folder import ImageFolderReader

        return ImageFolderReader(config)
