"""The ``--version`` option."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

import click

_SHOWN = {  # printed name: distribution
    "Retort": "retort-web",
    "Flask": "flask",
    "Werkzeug": "werkzeug",
}


def get_version(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Print the versions of Retort, of the Flask it replaces, and of its dependencies."""
    if not value or ctx.resilient_parsing:
        return
    lines = [f"Python {platform.python_version()}"]
    for shown, distribution in _SHOWN.items():
        version = _version_of(distribution)
        if version is not None:
            lines.append(f"{shown} {version}")
    click.echo("\n".join(lines), color=ctx.color)
    ctx.exit()


def _version_of(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


version_option = click.Option(
    ["--version"],
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=get_version,
    help="Show the versions and exit.",
)
