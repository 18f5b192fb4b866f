"""Advice on requests: methods, fields, bodies and files that a view reads in another way."""

from __future__ import annotations

from .field_names import field_by_number, field_without_quotes
from .fields import missing_field, no_boundary
from .json_bodies import invalid_json, json_is_none, missing_member, not_json
from .methods import method_not_allowed
from .misuse import (
    method_in_brackets,
    method_not_called,
    missing_attribute,
    part_called,
    part_changed,
)
from .uploads import save_to_no_folder, save_without_name

__all__ = ["REQUEST_ADVISORS"]

REQUEST_ADVISORS = (
    method_not_allowed,
    field_by_number,  # before those on a missing name
    missing_field,
    no_boundary,
    not_json,
    invalid_json,
    missing_member,
    json_is_none,
    save_without_name,
    save_to_no_folder,
    part_called,
    method_in_brackets,
    method_not_called,
    missing_attribute,
    part_changed,
    field_without_quotes,  # before `names.unknown_name`
)
