"""The registry of data sources: what a config, the command line and the job ask of each kind.

A source is one class under `@register_source("name")`; `data_prep.sources.catalogue` holds the
built-in ones. Everything here needs the standard library alone, so that `--help` and a config
take milliseconds; the code that reads files (numpy, Arrow, Beam) is imported by `reader`.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from data_prep.config_base import require

BUILT_IN = "data_prep.sources.catalogue"  # by name: it lies above, and is loaded when asked for


@dataclasses.dataclass(frozen=True, kw_only=True)
class Option:
    """An option of `latentforge prep SOURCE`.

    name: a field of PrepConfig, whose type the option takes, or a name of the source's own,
      which its `config_values` turns into fields.
    flag: the option as it is typed; "": --name, with dashes.
    default: the value where the option is not given; None: the field's default.
    names: names of values, as they may be typed in place of the values.
    choices: the only values; empty: any of the field's type.
    """

    name: str
    flag: str = ""
    help: str | None = None
    metavar: str | None = None
    default: Any = None
    show_default: bool = False
    names: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    choices: Sequence[str] = ()


class Source:
    """A kind of raw data. `config` is a PrepConfig everywhere, `sample` a SampleConfig.

    The docstring's first line is the help of `latentforge prep`.

    Attributes:
      name: the value of `source` in a config; set by `register_source`.
      input_help: the help of --input.
      options: the options of the command besides those of all sources.
      extensions: the endings of its files, with the dot.
      folder_depth: the depth of its files below a folder given as input.
      lists: fields of PrepConfig that are paths of lists which the source reads.
      label_from: "file" or "folder" where that one's name is the label, else "".
      channels: of its images.
      own_size: whether its images keep a size of their own, whatever `image_size` says.
      extras: its features besides image, key, label, attributes and statistics, with the type
        of their values: bytes, int or bool (0 and 1).
    """

    name: ClassVar[str] = ""
    input_help: ClassVar[str] = ""
    options: ClassVar[Sequence[Option]] = ()
    extensions: ClassVar[tuple[str, ...]] = ()
    folder_depth: ClassVar[int] = 1
    lists: ClassVar[tuple[str, ...]] = ()
    label_from: ClassVar[str] = ""
    channels: ClassVar[int] = 3
    own_size: ClassVar[bool] = False
    extras: ClassVar[Mapping[str, type]] = {}

    def config_values(self, values: dict[str, Any]) -> dict[str, Any]:
        """Returns the fields of PrepConfig that the values of `options` stand for."""
        return values

    def image_shape(self, config: Any) -> tuple[int, int, int]:
        """Returns (height, width, channels) of the prepared images, as the config has them."""
        return config.image_size, config.image_size, self.channels

    def is_known_unread(self, names: Sequence[str]) -> bool:
        """Tells whether config and names of the input show what the examples will be like.

        A graph over a bucket is then built where the bucket cannot be read.
        """
        return False

    def reader(self, config: Any, files: Sequence[Any]) -> Any:
        """Returns the `data_prep.sources.base.Reader` of some InputFiles.

        It looks at all that must be known before a record is read.
        """
        raise NotImplementedError


class GeneratedSource(Source):
    """A source whose files are written here: synthetic data with known factors.

    Attributes:
      generated_by: the module that writes them. It is imported by name, so that an edit in it
        is no edit of the code that reads the files.
      sample_options: options of the command that are fields of SampleConfig, the seed under
        the flag --sample-seed.
    """

    generated_by: ClassVar[str] = ""
    sample_options: ClassVar[Sequence[Option]] = ()

    def generator(self) -> Any:
        """Returns the module that writes the files."""
        return importlib.import_module(self.generated_by)

    def folder_name(self, sample: Any) -> str:
        """Returns a name that changes with everything in `sample` that decides the files."""
        raise NotImplementedError

    def generate(self, folder: str, sample: Any) -> None:
        """Writes the files into a new folder."""
        raise NotImplementedError

    def generated_input(self, folder: str) -> str:
        """Returns the glob of the files to read."""
        raise NotImplementedError

    def generated_lists(self, folder: str) -> dict[str, str]:
        """Returns the paths of the lists beside the files, by field of PrepConfig."""
        return {}

    def generated_factors(self, folder: str) -> str:
        """Returns the table of known factors that the evaluation measures by; "": none."""
        return ""


T = TypeVar("T", bound=type[Source])
_SOURCES: dict[str, Source] = {}


def register_source(name: str) -> Callable[[T], T]:
    """Adds a source to the registry: a class decorator.

    Raises:
      ValueError: where another class has the name.
    """

    def register(cls: T) -> T:
        if name in _SOURCES:
            raise ValueError(f"a source named {name!r} is registered already")
        cls.name = name
        _SOURCES[name] = cls()
        return cls

    return register


def unregister_source(name: str) -> None:
    """Removes a source, as a test does that has added one."""
    del _SOURCES[name]


def sources() -> Mapping[str, Source]:
    """Returns the registered sources by name, the built-in ones included."""
    importlib.import_module(BUILT_IN)
    return _SOURCES


def source_names() -> tuple[str, ...]:
    """Returns the names that `source` of a config may have."""
    return tuple(sources())


def extra_type(name: str) -> type:
    """Returns the type of a feature that a source adds: bytes, int or bool.

    Raises:
      InputError: where no registered source declares it.
    """
    types = {key: kind for source in sources().values() for key, kind in source.extras.items()}
    require(name in types, "extras", name, f"features of registered sources: {', '.join(types)}")
    return types[name]
