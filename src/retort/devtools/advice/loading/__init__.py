"""Advice on a program that does not load: its imports, its syntax, and names that were removed."""

from .circular import circular_import
from .imported_names import missing_attribute, missing_object, relative_import
from .imports import missing_module
from .own_modules import hiding_module
from .removed import (
    removed_attribute,
    removed_module,
    removed_name,
    removed_setting,
    renamed_argument,
)
from .syntax import syntax_error

__all__ = ["ADVISORS"]

# Called in this order. A circular import and a removed name are more specific than a missing one.
ADVISORS = (
    syntax_error,
    hiding_module,
    circular_import,
    removed_name,
    removed_module,
    removed_attribute,
    renamed_argument,
    removed_setting,
    relative_import,
    missing_attribute,
    missing_module,
    missing_object,
)
