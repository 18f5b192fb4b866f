from retort.blueprint import (
    Blueprint,
    BlueprintSetupState,
    T_template_filter,
    T_template_global,
    T_template_test,
)
from retort.scaffold import (
    Scaffold,
    T_after_request,
    T_before_request,
    T_error_handler,
    T_teardown,
    T_template_context_processor,
    T_url_defaults,
    T_url_value_preprocessor,
    setupmethod,
)
from retort.scaffold import _endpoint_from_view_func as _endpoint_from_view_func

__all__ = [
    "Blueprint",
    "BlueprintSetupState",
    "Scaffold",
    "T_after_request",
    "T_before_request",
    "T_error_handler",
    "T_teardown",
    "T_template_context_processor",
    "T_template_filter",
    "T_template_global",
    "T_template_test",
    "T_url_defaults",
    "T_url_value_preprocessor",
    "setupmethod",
]
