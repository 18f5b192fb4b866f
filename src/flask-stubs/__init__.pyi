from retort.app import Flask
from retort.blueprint import Blueprint
from retort.config import Config
from retort.context import (
    after_this_request,
    copy_current_request_context,
    has_app_context,
    has_request_context,
)
from retort.globals import current_app, g, request, session
from retort.helpers import (
    abort,
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
from retort.http.request import Request
from retort.http.response import Response
from retort.json import jsonify
from retort.signals import (
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
from retort.templating import (
    render_template,
    render_template_string,
    stream_template,
    stream_template_string,
)

from . import (
    app,
    blueprints,
    cli,
    config,
    ctx,
    globals,
    helpers,
    json,
    logging,
    sansio,
    sessions,
    signals,
    templating,
    typing,
    wrappers,
)

__version__: str

__all__ = [
    "Blueprint",
    "Config",
    "Flask",
    "Request",
    "Response",
    "abort",
    "after_this_request",
    "app",
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "blueprints",
    "cli",
    "config",
    "copy_current_request_context",
    "ctx",
    "current_app",
    "flash",
    "g",
    "get_flashed_messages",
    "get_template_attribute",
    "globals",
    "got_request_exception",
    "has_app_context",
    "has_request_context",
    "helpers",
    "json",
    "jsonify",
    "logging",
    "make_response",
    "message_flashed",
    "redirect",
    "render_template",
    "render_template_string",
    "request",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "sansio",
    "send_file",
    "send_from_directory",
    "session",
    "sessions",
    "signals",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
    "template_rendered",
    "templating",
    "typing",
    "url_for",
    "wrappers",
]
