"""`retort check --scale`: what would differ with two replicas of a program.

`reach.py` finds the functions that requests run, `names.py` which data of the process their
expressions are, and `writes.py` what changes it. The other modules are groups of rules. The program
is loaded, and no view is called; the levels and texts of the rules are in ``findings.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..program import Program
from .databases import check_databases
from .extensions import check_extensions
from .files import check_files
from .module_data import check_kept_results, check_module_data
from .notes import check_notes
from .reach import reached_functions
from .secret_keys import check_secret_keys
from .starts import check_starts

if TYPE_CHECKING:
    from ....app import Flask
    from ..findings import Finding

__all__ = ["check_scale"]


def check_scale(app: Flask) -> list[Finding]:
    """All findings about several replicas of an application, in the order of files and lines."""
    program = Program(app)
    reached = reached_functions(program)
    return sorted(
        {
            *check_module_data(program, reached),
            *check_secret_keys(program),
            *check_starts(program, reached),
            *check_kept_results(reached),
            *check_databases(program, reached),
            *check_files(reached),
            *check_extensions(program, reached),
            *check_notes(program, reached),
        }
    )
