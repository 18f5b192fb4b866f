"""Render Jinja templates with the values of the current application and request.

What is put into a template's context, and which signals are sent. Where a template is found
is for `jinja.py`, whose names are here too: they are fetched when first asked for, and with
them Jinja, which a program without templates never needs.
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

    # "as" tells type checkers that the names are for others.
    from .jinja import DispatchingJinjaLoader as DispatchingJinjaLoader  # noqa: PLC0414
    from .jinja import Environment as Environment  # noqa: PLC0414

_OF_JINJA = frozenset({"BaseLoader", "DispatchingJinjaLoader", "Environment", "TemplateNotFound"})


def _default_template_ctx_processor() -> dict[str, Any]:
    """``g`` and ``request``, each if there is one.

    ``session`` is not among them: it is a proxy among the Jinja globals, because
    fetching it here would count as the template having read the session.
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

    :param template_name_or_list: a name, a template, or a list of which the first
        that exists is taken.
    :param context: variables for the template; they win over context processors.
    :raises TemplateNotFound: if there is none of that name.
    :raises RuntimeError: outside of an application context.

    Flask API: Template Rendering.
    """
    app = find_app()
    template = app.jinja_env.get_or_select_template(template_name_or_list)
    return _call_render(app, template, context)


def render_template_string(source: str, **context: Any) -> str:
    """Render a template given as text. Autoescape is on.

    :param source: the text of the template; never build it from what a user sent.
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
    """Render a template piece by piece, as a body that is sent while it is made.

    In a request, the request stays at hand until the last piece is sent. Parameters
    and errors are those of `render_template`; an error inside the template comes
    only while the body is being sent.

    Flask API: Template Rendering.
    """
    app = find_app()
    template = app.jinja_env.get_or_select_template(template_name_or_list)
    return _stream(app, template, context)


def stream_template_string(source: str, **context: Any) -> Iterator[str]:
    """Render a template given as text piece by piece; see `stream_template`.

    Flask API: Template Rendering.
    """
    app = find_app()
    template = app.jinja_env.from_string(source)
    return _stream(app, template, context)


def _call_render(app: Flask, template: Template, context: dict[str, Any]) -> str:
    """Call `_render`, or the function that a tool has put in its place.

    Flask passes the arguments by position. Tools written for Flask before 2.2 replace
    `_render` by a function whose parameters are in the order of that time.
    """
    if _has_older_order(_render):
        return cast("Any", _render)(template, context, app)  # type: ignore[no-any-return]
    return _render(app, template, context)


@lru_cache(maxsize=16)
def _has_older_order(function: Callable[..., Any]) -> bool:
    """Whether the parameters are those that Flask's `_render` had before 2.2."""
    try:
        return [*signature(function).parameters] == ["template", "context", "app"]
    except (TypeError, ValueError):  # what Python cannot inspect is called as Flask calls it
        return False


def _render(app: Flask, template: Template, context: dict[str, Any]) -> str:
    if not isinstance(context, dict):  # in the older order: AWS X-Ray's replacement does so
        app, template, context = context, cast("Template", app), cast("Any", template)
    app.update_template_context(context)
    _tell(before_render_template, app, template, context)
    text = template.render(context)
    _tell(template_rendered, app, template, context)
    return text


def _stream(app: Flask, template: Template, context: dict[str, Any]) -> Iterator[str]:
    app.update_template_context(context)
    _tell(before_render_template, app, template, context)
    pieces = _pieces(app, template, context)
    if current_request_context.get(None) is None:
        return pieces
    return stream_with_context(pieces)


def _pieces(app: Flask, template: Template, context: dict[str, Any]) -> Iterator[str]:
    yield from template.generate(context)
    _tell(template_rendered, app, template, context)


def _tell(signal: NamedSignal, app: Flask, template: Template, context: dict[str, Any]) -> None:
    if signal.receivers:
        signal.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


if not TYPE_CHECKING:  # a checker would take it for a promise of any name

    def __getattr__(name: str) -> Any:
        """What `jinja.py` defines, once it is asked for."""
        if name not in _OF_JINJA:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from . import jinja

        value = globals()[name] = getattr(jinja, name)
        return value

    def __dir__() -> list[str]:
        return sorted(globals().keys() | _OF_JINJA)
