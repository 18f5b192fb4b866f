"""Advice on a template that Jinja cannot parse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError

from ..record import Advice
from .broken import BrokenTemplate, Correction
from .expressions import EXPRESSION_RULES
from .tags import TAG_RULES

if TYPE_CHECKING:
    from ..diagnostic import DiagnosticContext


def template_syntax(diagnostic: DiagnosticContext) -> Advice | None:
    """Name the tag or expression, and what is missing in it."""
    error = diagnostic.error
    if not isinstance(error, TemplateSyntaxError) or diagnostic.app is None:
        return None
    broken = BrokenTemplate(diagnostic, error)
    found = (rule(broken) for rule in (*TAG_RULES, *EXPRESSION_RULES))
    correction = next((each for each in found if each is not None), None) or _other(broken)
    return Advice(
        what=correction.what,
        why=correction.why,
        place=broken.place(correction),
        fix=correction.fix,
        diff=broken.diff(correction),
        facts=(("Jinja's message", broken.message),),
    )


def _other(broken: BrokenTemplate) -> Correction:
    message = broken.message.split(". ")[0].removesuffix(".")
    return Correction(
        what=f"Jinja cannot parse {broken.where()}: {message}.",
        fix="Correct this line, or the tag before it.",
    )
