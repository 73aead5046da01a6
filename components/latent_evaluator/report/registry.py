"""The registry of the report's sections: a declaration puts a section and its link on the page."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from components.latent_evaluator.report import charts
from components.latent_evaluator.report.model_view import ModelView

_LOADER = jinja2.PackageLoader("components.latent_evaluator.report", "templates")
_ENVIRONMENT = jinja2.Environment(
    loader=_LOADER,
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals |= {"charts": charts, "finite": math.isfinite}

Build = Callable[[ModelView], Markup | None]


class Section(NamedTuple):
    """A registered section of the report; see `section`."""

    id: str
    link: str
    heading: str
    build: Build


SECTIONS: dict[str, Section] = {}  # in the order of the page


def section(
    name: str, link: str, *, heading: str = "", before: str = ""
) -> Callable[[Build], Build]:
    """Registers the decorated function as a section of the report.

    The function returns what stands below the heading, of a model and the images it is shown, as
    HTML in which names are escaped (see `render_template`); None where the section does not apply.

    Args:
      name: the section's id; ValueError where another one has it.
      link: its title in the navigation.
      heading: its title on the page; the same where it is empty.
      before: the id of the section that comes next; the last one where it is empty.
    """

    def register(build: Build) -> Build:
        if name in SECTIONS:
            raise ValueError(f"there is a section {name} already")
        later = list(SECTIONS)[list(SECTIONS).index(before) :] if before else []
        SECTIONS[name] = Section(name, link, heading or link, build)
        for other in later:
            SECTIONS[other] = SECTIONS.pop(other)
        return build

    return register


def render_template(name: str, **values: Any) -> Markup:
    """Returns a template of the report with these values, each escaped where it is text."""
    return Markup(_ENVIRONMENT.get_template(name).render(values))


def read_source(name: str) -> Markup:
    """Returns a style sheet or a script of the report as it is."""
    return Markup(_LOADER.get_source(_ENVIRONMENT, name)[0])
