from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.utils import cached_property

from retort.helpers import get_root_path
from retort.scaffold import (
    F,
    Scaffold,
    T_after_request,
    T_before_request,
    T_error_handler,
    T_route,
    T_teardown,
    T_template_context_processor,
    T_url_defaults,
    T_url_value_preprocessor,
    setupmethod,
)
from retort.scaffold import _endpoint_from_view_func as _endpoint_from_view_func
from retort.setup import find_package

__all__ = [
    "F",
    "HTTPException",
    "Scaffold",
    "T_after_request",
    "T_before_request",
    "T_error_handler",
    "T_route",
    "T_teardown",
    "T_template_context_processor",
    "T_url_defaults",
    "T_url_value_preprocessor",
    "cached_property",
    "default_exceptions",
    "find_package",
    "get_root_path",
    "setupmethod",
]
