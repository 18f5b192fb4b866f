"""The alias in child processes: an environment variable that is read when Python starts.

`retort-as-flask.pth`, installed beside the package, imports `_retort_as_flask` if the variable is
set. Without the variable, it only reads the environment.
"""

from __future__ import annotations

import os
import site
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "RETORT_AS_FLASK"
PATH_FILE = "retort-as-flask.pth"


def include_children() -> None:
    """Enable the alias in child processes started from now on."""
    os.environ[VARIABLE] = "1"


def why_children_are_left_out() -> str | None:
    """The reason, as a sentence, why child processes do not get the alias; ``None`` if they do."""
    if getattr(sys, "frozen", False):
        return None  # its child processes are the program itself
    if any(os.path.isfile(os.path.join(folder, PATH_FILE)) for folder in _site_folders()):
        return None
    return (
        f"Python processes that this program starts will not find Retort as `flask`: {PATH_FILE}"
        f" is in no site folder of {sys.prefix}. Install Retort there with pip, or put `import"
        " retort.as_flask; retort.as_flask.install()` at the top of their program."
    )


def _site_folders() -> Iterator[str]:
    """Folders whose ``.pth`` files Python reads when it starts."""
    if not sys.flags.no_site:
        yield from site.getsitepackages()
        if site.ENABLE_USER_SITE:
            yield site.getusersitepackages()
