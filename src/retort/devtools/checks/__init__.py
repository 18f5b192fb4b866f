"""Static checks: find errors and unsafe code in a program and its HTML.

`program.py` and `source.py` provide the program's source to the rules, `pages.py` its HTML.
Each module with a function ``check_...`` is a group of rules. A rule reports nothing that cannot
be determined from the text. The command is in ``cli/check.py``; error pages and start-up notes use
the checks too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .findings import ERROR, RULES, SCALE_RULES, Finding, as_json, as_text, count
from .pages import pages_of
from .program import Program
from .rules.arguments import check_arguments
from .rules.awaiting import check_awaiting
from .rules.blocking import check_blocking
from .rules.endpoints import check_endpoints
from .rules.escaping import check_escaping
from .rules.fields import check_fields
from .rules.form_inputs import check_form_inputs
from .rules.forms import check_forms, send_forms
from .rules.inputs import check_declarations, check_inputs
from .rules.middleware import check_middleware
from .rules.redirects import check_redirects
from .rules.returns import check_returns
from .rules.routes import check_routes
from .rules.start import check_start
from .rules.templates import check_templates
from .rules.undefined import check_names
from .rules.url_values import check_url_values
from .rules.views import check_views
from .rules.websockets import check_websockets
from .scale import check_scale

if TYPE_CHECKING:
    from ...app import Flask

__all__ = [
    "ERROR",
    "RULES",
    "SCALE_RULES",
    "Finding",
    "as_json",
    "as_text",
    "check",
    "check_at_start",
    "check_scale",
    "count",
]


def check(app: Flask) -> list[Finding]:
    """All findings about an application, in the order of files and lines."""
    program = Program(app)
    pages = pages_of(program)
    forms = send_forms(program, pages)
    return sorted(
        {
            *check_forms(program, forms),
            *check_views(program),
            *check_arguments(program),
            *check_returns(program),
            *check_redirects(program),
            *check_routes(program),
            *check_names(program),
            *check_endpoints(program, pages),
            *check_url_values(program, pages),
            *check_templates(program, pages),
            *check_fields(program, pages, forms),
            *check_inputs(program),
            *check_form_inputs(program, forms),
            *check_escaping(program),
            *check_awaiting(program),
            *check_blocking(program),
            *check_middleware(program),
            *check_websockets(program),
            *check_start(program),
        }
    )


def check_at_start(app: Flask) -> list[Finding]:
    """The findings to print at every start of an application; they do not read its HTML."""
    program = Program(app)
    about_methods = [each for each in check_views(program) if each.rule == "view-method"]
    found = {*about_methods, *check_arguments(program), *check_routes(program)}
    found |= {*check_declarations(program), *check_start(program), *check_middleware(program)}
    return sorted(found)
