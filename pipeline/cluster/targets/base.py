"""The contract of a target: a form of the compiled graph, and the service that runs it."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from data_prep.config_base import Config
from pipeline.cluster.schedule import Schedule

if TYPE_CHECKING:
    from pipeline.cluster.compile import GraphCompiler

Documents = list[dict[str, Any]]  # of a compiled file


class NotCompiledError(Exception):
    """A target cannot express a config; the message says why."""


class Target(abc.ABC):
    """One way to run the graph elsewhere. `compile` and `dump` must be written.

    Modules of targets import TFX and clients inside their methods, so that the scripts start
    quickly.
    """

    name: ClassVar[str]  # the key of its section in schedule.yaml
    title: ClassVar[str]  # shown beside the compiled file
    suffix: ClassVar[str]  # of the compiled file
    destination: ClassVar[type[Config] | None] = None  # of runs; None: nothing can be sent
    options: ClassVar[tuple[Callable[..., Any], ...]] = ()  # of submit_run.py, one for each field
    key: ClassVar[str] = ""  # the field of `destination` whose option chooses this target
    priced: ClassVar[bool] = False  # whether the estimate of kubeflow/prices.yaml holds for it

    @abc.abstractmethod
    def compile(self, graph: GraphCompiler) -> Documents:
        """Returns the documents of the compiled file; NotCompiledError where this target cannot
        express the config, InputError where that is wrong."""

    @abc.abstractmethod
    def dump(self, documents: Documents) -> str:
        """Returns the text of the compiled file."""

    def read(self, path: Path) -> Documents:
        """Reads a compiled file; InputError where it is none of this target's."""
        raise NotImplementedError

    def spec(self, documents: Documents) -> dict[str, Any]:
        """Returns the PipelineSpec in the documents."""
        return documents[0]

    def run_request(self, documents: Documents, where: Any, values: Mapping[str, Any]) -> Any:
        """Returns the request for one run at `where` (a `destination`), checked.

        values: of runtime parameters; the others are the compiled ones.
        """
        raise NotImplementedError

    def schedule_request(self, documents: Documents, where: Any, schedule: Schedule) -> Any:
        """Returns the request for runs at the times of a schedule, checked."""
        raise NotImplementedError

    def describe(self, request: Any, where: Any) -> str:
        """Returns what `send` puts on the wire: method, address and body."""
        raise NotImplementedError

    def send(self, request: Any, where: Any) -> str:
        """Sends a request, and returns the name or id of what the service made."""
        raise NotImplementedError
