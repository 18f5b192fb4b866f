"""Advice on return values that are no response: ``None``, a number, a set, what JSON lacks."""

from .json_values import not_json
from .nothing import returned_none
from .parts import bad_headers, bad_piece, bad_status
from .values import bad_return_value

__all__ = ["ADVISORS"]

ADVISORS = (returned_none, bad_return_value, bad_headers, bad_piece, bad_status, not_json)
