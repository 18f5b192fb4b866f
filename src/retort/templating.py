"""Render Jinja templates with the values of the current application and request.

This file builds a template's context and sends the signals. `jinja.py` finds templates; its
names are also available here, and are imported at first use, because importing Jinja is slow
and programs without templates do not need it.
"""

from __future__ import annotations

from functools import lru_cache
from inspect import signature
from typing import TYPE_CHECKING, Any, cast

from .globals import current_app_context, current_request_context, find_app
from .signals import before_render_template, template_rendered
from .streaming import stream_with_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from blinker import NamedSignal
    from jinja2 import Template

    from .app import Flask

    # "as" marks the names as re-exported for type checkers.
    from .jinja import DispatchingJinjaLoader as DispatchingJinjaLoader  # noqa: PLC0414
    from .jinja import Environment as Environment  # noqa: PLC0414

_OF_JINJA = frozenset({"BaseLoader", "DispatchingJinjaLoader", "Environment", "TemplateNotFound"})


def _default_template_ctx_processor() -> dict[str, Any]:
    """Add ``g`` and ``request``, if they are available.

    ``session`` is not added: it is a proxy among the Jinja globals, because reading it here would
    mark the session as accessed.
    """
    values: dict[str, Any] = {}
    app_ctx = current_app_context.get(None)
    if app_ctx is not None:
        values["g"] = app_ctx.g
    request_ctx = current_request_context.get(None)
    if request_ctx is not None:
        values["request"] = request_ctx.request
    return values


default_template_context_processor = _default_template_ctx_processor  # the latter is Flask's name


def render_template(
    template_name_or_list: str | Template | list[str | Template], **context: Any
) -> str:
    """Render a template from the template folders.

    :param template_name_or_list: a name, a template, or a list, of which the first existing
        template is used.
    :param context: variables for the template; they override those of context processors.
    :raises TemplateNotFound: if no such template exists.
    :raises RuntimeError: outside of an application context.

    Flask API: Template Rendering.
    """
    app = find_app()
    template = app.jinja_env.get_or_select_template(template_name_or_list)
    return _call_render(app, template, context)


def render_template_string(source: str, **context: Any) -> str:
    """Render a template given as text. Autoescape is on.

    :param source: the text of the template; never build it from user input.
    :param context: variables for the template.
    :raises RuntimeError: outside of an application context.

    Flask API: Template Rendering.
    """
    app = find_app()
    template = app.jinja_env.from_string(source)
    return _call_render(app, template, context)


def stream_template(
    template_name_or_list: str | Template | list[str | Template], **context: Any
) -> Iterator[str]:
    """Render a template as a streamed response body.

    In a request, the request context is kept until the last piece is sent. Parameters and errors
    are those of `render_template`, but an error inside the template is raised while the body is
    being sent.

    Flask API: Template Rendering.
    """
    app = find_app()
    template = app.jinja_env.get_or_select_template(template_name_or_list)
    return _stream(app, template, context)


def stream_template_string(source: str, **context: Any) -> Iterator[str]:
    """Render a template given as text as a streamed body; see `stream_template`.

    Flask API: Template Rendering.
    """
    app = find_app()
    template = app.jinja_env.from_string(source)
    return _stream(app, template, context)


def _call_render(app: Flask, template: Template, context: dict[str, Any]) -> str:
    """Call `_render`, which a tool may have monkeypatched.

    Flask passes the arguments by position. Tools written for Flask before 2.2 replace `_render` by
    a function with the parameter order of that version.
    """
    if _has_older_order(_render):
        return cast("Any", _render)(template, context, app)  # type: ignore[no-any-return]
    return _render(app, template, context)


@lru_cache(maxsize=16)
def _has_older_order(function: Callable[..., Any]) -> bool:
    """Whether the parameters are those of Flask's `_render` before 2.2."""
    try:
        return [*signature(function).parameters] == ["template", "context", "app"]
    except (TypeError, ValueError):  # without a signature, it is called as in current Flask
        return False


def _render(app: Flask, template: Template, context: dict[str, Any]) -> str:
    if not isinstance(context, dict):  # the older order, as in AWS X-Ray's replacement
        app, template, context = context, cast("Template", app), cast("Any", template)
    app.update_template_context(context)
    _send(before_render_template, app, template, context)
    text = template.render(context)
    _send(template_rendered, app, template, context)
    return text


def _stream(app: Flask, template: Template, context: dict[str, Any]) -> Iterator[str]:
    app.update_template_context(context)
    _send(before_render_template, app, template, context)
    pieces = _pieces(app, template, context)
    if current_request_context.get(None) is None:
        return pieces
    return stream_with_context(pieces)


def _pieces(app: Flask, template: Template, context: dict[str, Any]) -> Iterator[str]:
    yield from template.generate(context)
    _send(template_rendered, app, template, context)


def _send(signal: NamedSignal, app: Flask, template: Template, context: dict[str, Any]) -> None:
    if signal.receivers:
        signal.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


if not TYPE_CHECKING:  # for a type checker, it would declare every name

    def __getattr__(name: str) -> Any:
        """Import the names of `jinja.py` at first use."""
        if name not in _OF_JINJA:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from . import jinja

        value = globals()[name] = getattr(jinja, name)
        return value

    def __dir__() -> list[str]:
        return sorted(globals().keys() | _OF_JINJA)
