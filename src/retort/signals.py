"""The signals of an app: blinker signals in Retort's own namespace.

Only their names are made here. `lifecycle/run.py`, `lifecycle/errors.py` and `context.py` send
those of requests and contexts, `templating.py` and `helpers.py` the rest.
Listed on Flask's "API" page, under "Signals".
"""

from __future__ import annotations

from blinker import Namespace

__all__ = [
    "Namespace",
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "got_request_exception",
    "message_flashed",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "template_rendered",
]

_signals = Namespace()

appcontext_pushed = _signals.signal(
    "appcontext-pushed", "An app context was pushed. Sent by the app."
)
appcontext_tearing_down = _signals.signal(
    "appcontext-tearing-down",
    "An app context is about to be popped. Sent with exc: the unhandled exception, or None.",
)
appcontext_popped = _signals.signal("appcontext-popped", "An app context was popped.")

request_started = _signals.signal(
    "request-started", "A request is about to be handled; its context is pushed."
)
request_finished = _signals.signal(
    "request-finished", "A response is ready to be sent. Sent with response."
)
request_tearing_down = _signals.signal(
    "request-tearing-down",
    "A request context is about to be popped. Sent with exc: the unhandled exception, or None.",
)
got_request_exception = _signals.signal(
    "got-request-exception",
    "An unhandled exception is about to become a 500. Sent with exception.",
)

before_render_template = _signals.signal(
    "before-render-template",
    "A template is about to be rendered. Sent with template and context.",
)
template_rendered = _signals.signal(
    "template-rendered", "A template was rendered. Sent with template and context."
)
message_flashed = _signals.signal(
    "message-flashed", "flash() stored a message. Sent with message and category."
)
