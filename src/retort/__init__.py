"""Retort: a flask that distils. Runs Flask programs unchanged, several times faster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import json
from .app import Flask, Retort
from .blueprint import Blueprint
from .config import Config
from .context import (
    after_this_request,
    copy_current_request_context,
    copy_current_websocket_context,
    has_app_context,
    has_request_context,
    has_websocket_context,
)
from .event_streams import event_stream
from .globals import current_app, g, request, session, websocket
from .helpers import (
    abort,
    created,
    flash,
    get_flashed_messages,
    get_template_attribute,
    make_response,
    redirect,
    send_file,
    send_from_directory,
    stream_with_context,
    url_for,
)
from .http import Request, Response
from .http.cross_origin import cross_origin_exempt
from .http.event_stream import Event
from .http.stream_body import stream_body
from .json import jsonify
from .preconditions import condition
from .signals import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    before_render_template,
    got_request_exception,
    message_flashed,
    request_finished,
    request_started,
    request_tearing_down,
    template_rendered,
)
from .templating import (
    render_template,
    render_template_string,
    stream_template,
    stream_template_string,
)
from .websockets.errors import WebSocketDisconnect

if TYPE_CHECKING:
    from .extensions.inputs import Body as Body
    from .extensions.inputs import Control as Control
    from .extensions.inputs import Cookie as Cookie
    from .extensions.inputs import Draft as Draft
    from .extensions.inputs import FieldError as FieldError
    from .extensions.inputs import Form as Form
    from .extensions.inputs import Header as Header
    from .extensions.inputs import InputError as InputError
    from .extensions.inputs import Name as Name
    from .extensions.inputs import Path as Path
    from .extensions.inputs import Query as Query
    from .extensions.inputs import Upload as Upload
    from .extensions.inputs import inputs as inputs

__version__ = "0.1.0"

# Declared inputs; loaded by the first of these names that a program imports.
_INPUTS = frozenset(
    {
        *("Body", "Control", "Cookie", "Draft", "FieldError", "Form", "Header", "InputError"),
        *("Name", "Path", "Query", "Upload", "inputs"),
    }
)


def __getattr__(name: str) -> object:
    if name not in _INPUTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .extensions import inputs

    return getattr(inputs, name)


__all__ = [
    "Blueprint",
    "Config",
    "Event",
    "Flask",
    "Request",
    "Response",
    "Retort",
    "WebSocketDisconnect",
    "abort",
    "after_this_request",
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "condition",
    "copy_current_request_context",
    "copy_current_websocket_context",
    "created",
    "cross_origin_exempt",
    "current_app",
    "event_stream",
    "flash",
    "g",
    "get_flashed_messages",
    "get_template_attribute",
    "got_request_exception",
    "has_app_context",
    "has_request_context",
    "has_websocket_context",
    "json",
    "jsonify",
    "make_response",
    "message_flashed",
    "redirect",
    "render_template",
    "render_template_string",
    "request",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "send_file",
    "send_from_directory",
    "session",
    "stream_body",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
    "template_rendered",
    "url_for",
    "websocket",
]
