"""Declared inputs: annotations of a view say what it takes; it is read and checked before the call.

`markers.py` has the annotations, `binding.py` calls views with what they declare, `types.py`
describes types, `check.py` checks values, `draft.py` has forms that come back.
"""

from __future__ import annotations

from ...declared import set_binder
from .binding import bind, declared_inputs, inputs
from .draft import Draft
from .errors import FieldError, InputError
from .markers import Body, Control, Cookie, Form, Header, Name, Path, Query, Upload
from .registration import check_route

__all__ = [
    "Body",
    "Control",
    "Cookie",
    "Draft",
    "FieldError",
    "Form",
    "Header",
    "InputError",
    "Name",
    "Path",
    "Query",
    "Upload",
    "inputs",
]

set_binder(bind, check_route, declared_inputs)
