"""Advice on templates: missing files, syntax, filters, and names without a value."""

from .filters import unknown_filter
from .missing import template_not_found
from .syntax import template_syntax
from .undefined import undefined_in_template

__all__ = ["ADVISORS"]

ADVISORS = (template_not_found, unknown_filter, template_syntax, undefined_in_template)
