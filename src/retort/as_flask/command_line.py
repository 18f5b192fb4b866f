"""Detect from the command line whether a process was started to run Retort.

For agents that import Flask before the program: it is then too late for the program to
install the alias.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# `import retort.as_flask`, `from retort import as_flask`
_INSTALLS_ALIAS = re.compile(rb"^\s*(import|from)\s+retort\b.*\bas_flask\b", re.MULTILINE)
_READ_AT_MOST_BYTES = 1_000_000
# The options of servers for the program's folder or file.
_FOLDER_OPTIONS = ("--chdir", "--pythonpath", "--app-dir", "--python-path")
# A file that gunicorn reads by default.
_USUAL_FILES = ("gunicorn.conf.py",)


def runs_retort(arguments: Sequence[str]) -> bool:
    """Whether the command is Retort's, or a program that installs the alias itself.

    :param arguments: those of the Python process, as in :data:`sys.orig_argv`.
    """
    return command_of(arguments) == "retort" or any(map(_installs_alias, _files_in(arguments)))


def command_of(arguments: Sequence[str]) -> str | None:
    """The script or module in a Python command line, without folder and suffix."""
    rest = iter(arguments[1:])
    for argument in rest:
        if argument == "-m":
            return next(rest, "").partition(".")[0]
        if argument in ("-X", "-W"):  # options with a value
            next(rest, None)
        elif not argument.startswith("-"):
            return argument.replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
    return None


def _files_in(arguments: Sequence[str]) -> Iterator[str]:
    """Candidate files of the arguments: ``wsgi.py``, ``wsgi:app``, ``site.wsgi``."""
    folders = ["", *_folders_in(arguments)]
    for folder in folders:
        yield from (os.path.join(folder, file) for file in _USUAL_FILES)
    for argument in arguments[1:]:
        word = argument.rpartition("=")[2]
        module = word.partition(":")[0]
        for folder in folders:
            yield os.path.join(folder, word)
            yield os.path.join(folder, *module.split(".")) + ".py"


def _folders_in(arguments: Sequence[str]) -> Iterator[str]:
    for at, argument in enumerate(arguments):
        option, _, value = argument.partition("=")
        if option in _FOLDER_OPTIONS:
            following = arguments[at + 1] if at + 1 < len(arguments) else ""
            yield from (value or following).split(",")
    yield from sys.path


def _installs_alias(path: str) -> bool:
    if not path.endswith(".py"):
        return False
    try:
        with open(path, "rb") as file:
            return _INSTALLS_ALIAS.search(file.read(_READ_AT_MOST_BYTES)) is not None
    except (OSError, ValueError):  # no such file, or an invalid file name
        return False
