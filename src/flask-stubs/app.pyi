from werkzeug.datastructures import Headers, ImmutableDict
from werkzeug.exceptions import BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.routing import BuildError, MapAdapter, RequestRedirect, RoutingException, Rule
from werkzeug.serving import is_running_from_reloader
from werkzeug.wrappers import Response as BaseResponse
from werkzeug.wsgi import get_host

from retort.app import Flask
from retort.context import AppContext, RequestContext
from retort.globals import _cv_app as _cv_app
from retort.globals import _cv_request as _cv_request
from retort.globals import current_app, g, request, request_ctx, session
from retort.helpers import get_debug_flag, get_flashed_messages, send_from_directory
from retort.http.request import Request
from retort.http.response import Response
from retort.sessions import SecureCookieSessionInterface, SessionInterface
from retort.setup import App
from retort.signals import (
    appcontext_tearing_down,
    got_request_exception,
    request_finished,
    request_started,
    request_tearing_down,
)
from retort.templating import Environment

__all__ = [
    "App",
    "AppContext",
    "BadRequestKeyError",
    "BaseResponse",
    "BuildError",
    "Environment",
    "Flask",
    "HTTPException",
    "Headers",
    "ImmutableDict",
    "InternalServerError",
    "MapAdapter",
    "Request",
    "RequestContext",
    "RequestRedirect",
    "Response",
    "RoutingException",
    "Rule",
    "SecureCookieSessionInterface",
    "SessionInterface",
    "appcontext_tearing_down",
    "current_app",
    "g",
    "get_debug_flag",
    "get_flashed_messages",
    "get_host",
    "got_request_exception",
    "is_running_from_reloader",
    "request",
    "request_ctx",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "send_from_directory",
    "session",
]
