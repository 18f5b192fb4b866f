"""Set environment variables from ``.env``, ``.flaskenv`` and a file named on the command line.

python-dotenv parses the files; this module defines their precedence.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_NAMES = (".flaskenv", ".env")  # in ascending precedence


def load_dotenv(path: str | os.PathLike[str] | None = None, load_defaults: bool = True) -> bool:
    """Set environment variables from files, as in Flask's "Command Line Interface" page.

    A variable that is already set is not changed. The file ``path`` takes precedence over ``.env``,
    and ``.env`` over ``.flaskenv``; these two are searched in the current folder and its parents.

    :param path: a file to read.
    :param load_defaults: also read ``.env`` and ``.flaskenv``.
    :returns: whether at least one file was found.
    """
    values = read_env_files(path, load_defaults)
    if values is None:
        return False
    set_missing(values)
    return True


def read_env_files(
    path: str | os.PathLike[str] | None, load_defaults: bool
) -> dict[str, str] | None:
    """The variables in the files; ``None`` if there is no file, or no python-dotenv."""
    files = [*_default_files(load_defaults), *_named_file(path)]
    if not files:
        return None
    try:
        from dotenv import dotenv_values
    except ImportError:
        _say_what_is_missing(files)
        return None
    values: dict[str, str] = {}
    for file in files:
        found = dotenv_values(file, encoding="utf-8")
        values.update({key: text for key, text in found.items() if text is not None})
    return values


def set_missing(values: dict[str, str]) -> dict[str, str]:
    """Set the variables that the environment lacks, and return them."""
    missing = {key: text for key, text in values.items() if key not in os.environ}
    os.environ.update(missing)
    return missing


def _default_files(wanted: bool) -> Iterator[str]:
    for name in DEFAULT_NAMES if wanted else ():
        folder = os.getcwd()
        while not os.path.isfile(os.path.join(folder, name)):
            above = os.path.dirname(folder)
            if above == folder:
                break
            folder = above
        else:
            yield os.path.join(folder, name)


def _named_file(path: str | os.PathLike[str] | None) -> Iterator[str]:
    if path is not None and os.path.isfile(path):
        yield os.fspath(path)


def _say_what_is_missing(files: list[str]) -> None:
    names = " and ".join(os.path.basename(file) for file in files)
    click.secho(
        f" * Tip: {names} would be read if python-dotenv were installed: pip install python-dotenv",
        fg="yellow",
        err=True,
    )
