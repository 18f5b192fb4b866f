from retort.globals import _cv_app as _cv_app
from retort.globals import _cv_request as _cv_request
from retort.globals import app_ctx, current_app, g, request, request_ctx, session

__all__ = [
    "app_ctx",
    "current_app",
    "g",
    "request",
    "request_ctx",
    "session",
]
