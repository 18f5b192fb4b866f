"""Render Jinja templates with the values of the current application and request.

Where a template is found, what is put into its context, and which signals are
sent. The search order over application and blueprints is decided here; which
folder each of them names, and the filters and globals, belong to set-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader, TemplateNotFound
from jinja2 import Environment as JinjaEnvironment

from .globals import _cv_app, _cv_request, app_ctx
from .signals import before_render_template, template_rendered
from .streaming import stream_with_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from blinker import NamedSignal
    from jinja2 import Template

    from .app import Flask
    from .scaffold import Scaffold
    from .setup import App

    # Jinja's words for a loaded template: source, file name, "is it still fresh?"
    Source = tuple[str, str | None, Callable[[], bool] | None]
    # Whose loader it was in words, the loader, and what it had.
    Attempt = tuple[str, BaseLoader, Source | None]


def _default_template_ctx_processor() -> dict[str, Any]:
    """``g`` and ``request``, each if there is one.

    ``session`` is not among them: it is a proxy among the Jinja globals, because
    fetching it here would count as the template having read the session.
    """
    values: dict[str, Any] = {}
    app_ctx = _cv_app.get(None)
    if app_ctx is not None:
        values["g"] = app_ctx.g
    request_ctx = _cv_request.get(None)
    if request_ctx is not None:
        values["request"] = request_ctx.request
    return values


class Environment(JinjaEnvironment):
    """A Jinja environment that finds templates of the application and its blueprints.

    Flask API: Templating.
    """

    def __init__(self, app: App, **options: Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app


class DispatchingJinjaLoader(BaseLoader):
    """Ask the application's loader for a template, then each blueprint's in turn."""

    def __init__(self, app: App) -> None:
        self.app = app

    def get_source(self, environment: JinjaEnvironment, template: str) -> Source:
        """The first source any loader has.

        :raises TemplateNotFound: if none has it.
        """
        if self.app.config.get("EXPLAIN_TEMPLATE_LOADING"):
            return self._get_source_explained(environment, template)
        return self._get_source_fast(environment, template)

    def list_templates(self) -> list[str]:
        """The names all loaders know, each once.

        :raises TypeError: if a loader cannot list its templates (a ``FunctionLoader``).
        """
        known: dict[str, None] = {}
        for _, loader in self._iter_loaders(""):
            known.update(dict.fromkeys(loader.list_templates()))
        return list(known)

    def _iter_loaders(self, template: str) -> Iterator[tuple[Scaffold, BaseLoader]]:
        """Who may have ``template``, in the order in which they are asked."""
        owners: list[Scaffold] = [self.app, *self.app.iter_blueprints()]
        for owner in owners:
            loader = owner.jinja_loader
            if loader is not None:
                yield owner, loader

    def _get_source_fast(self, environment: JinjaEnvironment, template: str) -> Source:
        for _, loader in self._iter_loaders(template):
            source = _source_from(loader, environment, template)
            if source is not None:
                return source
        raise TemplateNotFound(template)

    def _get_source_explained(self, environment: JinjaEnvironment, template: str) -> Source:
        """Ask every loader, also after a match, and log what each of them said."""
        attempts: list[Attempt] = [
            (self._describe(owner), loader, _source_from(loader, environment, template))
            for owner, loader in self._iter_loaders(template)
        ]
        self.app.logger.info(_explanation(template, attempts))
        for _, _, source in attempts:
            if source is not None:
                return source
        raise TemplateNotFound(template)

    def _describe(self, owner: Scaffold) -> str:
        if owner is self.app:
            return f"application {owner.import_name!r}"
        return f"blueprint {owner.name!r} ({owner.import_name})"


def _source_from(loader: BaseLoader, environment: JinjaEnvironment, template: str) -> Source | None:
    try:
        return loader.get_source(environment, template)
    except TemplateNotFound:
        return None


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
    app = app_ctx.app
    template = app.jinja_env.get_or_select_template(template_name_or_list)
    # By name: tools replace `_render` by functions with the parameters in other orders.
    return _render(app=app, template=template, context=context)


def render_template_string(source: str, **context: Any) -> str:
    """Render a template given as text. Autoescape is on.

    :param source: the text of the template; never build it from what a user sent.
    :param context: variables for the template.
    :raises RuntimeError: outside of an application context.

    Flask API: Template Rendering.
    """
    app = app_ctx.app
    template = app.jinja_env.from_string(source)
    return _render(app=app, template=template, context=context)


def stream_template(
    template_name_or_list: str | Template | list[str | Template], **context: Any
) -> Iterator[str]:
    """Render a template piece by piece, as a body that is sent while it is made.

    In a request, the request stays at hand until the last piece is sent. Parameters
    and errors are those of `render_template`; an error inside the template comes
    only while the body is being sent.

    Flask API: Template Rendering.
    """
    app = app_ctx.app
    template = app.jinja_env.get_or_select_template(template_name_or_list)
    return _stream(app=app, template=template, context=context)


def stream_template_string(source: str, **context: Any) -> Iterator[str]:
    """Render a template given as text piece by piece; see `stream_template`.

    Flask API: Template Rendering.
    """
    app = app_ctx.app
    template = app.jinja_env.from_string(source)
    return _stream(app=app, template=template, context=context)


def _render(app: Flask, template: Template, context: dict[str, Any]) -> str:
    app.update_template_context(context)
    _tell(before_render_template, app, template, context)
    text = template.render(context)
    _tell(template_rendered, app, template, context)
    return text


def _stream(app: Flask, template: Template, context: dict[str, Any]) -> Iterator[str]:
    app.update_template_context(context)
    _tell(before_render_template, app, template, context)
    pieces = _pieces(app, template, context)
    if _cv_request.get(None) is None:
        return pieces
    return stream_with_context(pieces)


def _pieces(app: Flask, template: Template, context: dict[str, Any]) -> Iterator[str]:
    yield from template.generate(context)
    _tell(template_rendered, app, template, context)


def _tell(signal: NamedSignal, app: Flask, template: Template, context: dict[str, Any]) -> None:
    if signal.receivers:
        signal.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


def _explanation(template: str, attempts: list[Attempt]) -> str:
    """What ``EXPLAIN_TEMPLATE_LOADING`` logs: each loader, its settings, its answer."""
    lines = [f"Locating template {template!r}:"]
    for number, attempt in enumerate(attempts, start=1):
        lines += _explain_attempt(number, attempt)
    matches = sum(source is not None for _, _, source in attempts)
    if matches == 0:
        lines += ["Error: the template could not be found.", *_blueprint_hint()]
    elif matches > 1:
        lines.append("Warning: multiple loaders returned a match for the template.")
    return "\n".join(lines)


def _explain_attempt(number: int, attempt: Attempt) -> Iterator[str]:
    owner, loader, source = attempt
    kind = type(loader)
    yield f"{number:5}: trying loader of {owner}"
    yield f"       class: {kind.__module__}.{kind.__name__}"
    for name, value in sorted(vars(loader).items()):
        yield from _explain_setting(name, value)
    if source is None:
        yield "       -> no match"
    else:
        yield f"       -> found ({source[1] or '<string>'!r})"


def _explain_setting(name: str, value: object) -> list[str]:
    """A loader's public setting, if a reader can make something of it."""
    if name.startswith("_"):
        return []
    if isinstance(value, (str, int, float)):
        return [f"       {name}: {value!r}"]
    if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        return [f"       {name}:", *(f"         - {one}" for one in value)]
    return []


def _blueprint_hint() -> list[str]:
    request_ctx = _cv_request.get(None)
    name = request_ctx.request.blueprint if request_ctx is not None else None
    if name is None:
        return []
    return [
        f"  It was looked up from an endpoint that belongs to the blueprint {name!r}.",
        "  Is it in the template folder of that blueprint, or of the application?",
        "  See https://flask.palletsprojects.com/blueprints/#templates",
    ]
