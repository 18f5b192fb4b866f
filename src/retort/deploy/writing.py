"""Fills in the templates, with the quoting of each format as a filter."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import quoting


def render(name: str, **values: Any) -> str:
    """The text of a template, with one line break at its end.

    :param name: the file in ``templates/``.
    """
    return _environment().get_template(name).render(values).rstrip("\n") + "\n"


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # none of the formats is HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        yaml=quoting.yaml,
        expanded_by_kubernetes=quoting.kubernetes,
        expanded_by_compose=quoting.compose,
        unit_word=quoting.unit_word,
        unit_value=quoting.unit_value,
    )
    return environment
