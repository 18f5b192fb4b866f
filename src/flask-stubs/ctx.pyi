from werkzeug.exceptions import HTTPException

from retort.context import (
    AppContext,
    RequestContext,
    after_this_request,
    copy_current_request_context,
    has_app_context,
    has_request_context,
)
from retort.context import _AppCtxGlobals as _AppCtxGlobals
from retort.globals import _cv_app as _cv_app
from retort.globals import _cv_request as _cv_request
from retort.signals import appcontext_popped, appcontext_pushed

__all__ = [
    "AppContext",
    "HTTPException",
    "RequestContext",
    "after_this_request",
    "appcontext_popped",
    "appcontext_pushed",
    "copy_current_request_context",
    "has_app_context",
    "has_request_context",
]
