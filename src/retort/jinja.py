"""Retort's Jinja environment and loader, with faster template rendering.

This file defines the search order over application and blueprints; their template folders, the
filters and the globals belong to set-up. It is imported with the first template, since many
programs have none: see `templating.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import markupsafe
from jinja2 import BaseLoader, TemplateNotFound
from jinja2 import Environment as JinjaEnvironment
from jinja2 import Template as JinjaTemplate
from jinja2.compiler import CodeGenerator
from jinja2.runtime import Context, new_context
from jinja2.utils import internalcode
from markupsafe import Markup, escape

from .globals import current_request_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping
    from types import CodeType

    from .scaffold import Scaffold
    from .setup import App

    # A loaded template in Jinja's interface: source, file name, the function `uptodate`.
    Source = tuple[str, str | None, Callable[[], bool] | None]
    # The owner's description, its loader, and the source found.
    Attempt = tuple[str, BaseLoader, Source | None]


# The attributes of a dictionary; any other name in a template can only be an item.
_OF_DICTS = frozenset(vars(dict).keys() | vars(object).keys())


# The part of `escape` that escapes, before it makes the text a `Markup`; MarkupSafe 2 has none.
_escape_text: Callable[[str], str] | None = getattr(markupsafe, "_escape_inner", None)


class Template(JinjaTemplate):
    """A template that escapes values, and begins a rendering, in fewer steps."""

    @classmethod
    def from_code(
        cls,
        environment: JinjaEnvironment,
        code: CodeType,
        globals: MutableMapping[str, Any],  # noqa: A002 - Jinja's name for it
        uptodate: Callable[[], bool] | None = None,
    ) -> JinjaTemplate:
        """The template that ``code`` is.

        PERF: code that Jinja generates joins what `escape` returns with other text at once, so it
        need not be `Markup`. Decision 23 says what that is worth.
        """
        template = super().from_code(environment, code, globals, uptodate)
        names: dict[str, Any] = getattr(template.root_render_func, "__globals__", {})
        if (
            _escape_text is not None
            and names.get("escape") is escape
            and environment.code_generator_class is CodeGenerator
            and environment.concat is JinjaEnvironment.concat
        ):
            names["escape"] = _escape_piece
        return template

    def new_context(
        self,
        vars: dict[str, Any] | None = None,  # noqa: A002 - Jinja's names
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,  # noqa: A002
    ) -> Context:
        """The context of one rendering, with the current globals.

        PERF: Jinja copies a chain of two dictionaries name by name, twice. Without that, a small
        page takes half the time. benchmarks/micro/template.py
        """
        if self.environment.context_class is not Context:
            return super().new_context(vars, shared, locals)  # a custom context class
        known: dict[str, Any] = {}
        for names in reversed(getattr(self.globals, "maps", (self.globals,))):
            known.update(names)
        return new_context(self.environment, self.name, self.blocks, vars, shared, known, locals)


@internalcode
def _escape_piece(value: Any) -> str:
    """What ``escape`` returns, but as a plain ``str`` where that is enough."""
    kind = type(value)
    if kind is str:
        return _escape_text(value)  # type: ignore[misc]  # there is one
    if kind is int or kind is float:
        return str(value)
    return value if kind is Markup else escape(value)


class Environment(JinjaEnvironment):
    """A Jinja environment that finds templates of the application and its blueprints.

    Flask API: Templating.
    """

    def __init__(self, app: App, **options: Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app
        if self.template_class is JinjaTemplate:  # only for our context class
            self.template_class = Template
        # PERF: looked up once, not for each attribute. It may be that of a sandbox.
        self._getattr_above: Any = super().getattr.__func__  # type: ignore[attr-defined]

    @internalcode  # hidden in tracebacks of template errors
    def getattr(self, obj: Any, attribute: str) -> Any:
        """Evaluate ``obj.attribute`` in a template: the attribute, or else the item.

        PERF: for a dictionary without such an attribute, the item is returned without raising an
        ``AttributeError`` first; a table of dictionaries takes well under half the time.
        """
        if type(obj) is dict and attribute not in _OF_DICTS:
            try:
                return obj[attribute]
            except (LookupError, TypeError, AttributeError):
                pass  # Jinja handles it below
        return self._getattr_above(self, obj, attribute)


class DispatchingJinjaLoader(BaseLoader):
    """Searches the application's loader for a template, then each blueprint's in turn."""

    def __init__(self, app: App) -> None:
        self.app = app

    def get_source(self, environment: JinjaEnvironment, template: str) -> Source:
        """The source from the first loader that has the template.

        :raises TemplateNotFound: if none has it.
        """
        if self.app.config.get("EXPLAIN_TEMPLATE_LOADING"):
            return self._get_source_explained(environment, template)
        return self._get_source_fast(environment, template)

    def list_templates(self) -> list[str]:
        """The template names of all loaders, each once.

        :raises TypeError: if a loader cannot list its templates (a ``FunctionLoader``).
        """
        known: dict[str, None] = {}
        for _, loader in self._iter_loaders(""):
            known.update(dict.fromkeys(loader.list_templates()))
        return list(known)

    def _iter_loaders(self, template: str) -> Iterator[tuple[Scaffold, BaseLoader]]:
        """The owners of loaders for ``template``, in search order."""
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
        """Search all loaders, also after a match, and log the results."""
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


def _explanation(template: str, attempts: list[Attempt]) -> str:
    """The text that ``EXPLAIN_TEMPLATE_LOADING`` logs: each loader, its settings, its result."""
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
    """A loader's public setting, if it is readable as text."""
    if name.startswith("_"):
        return []
    if isinstance(value, (str, int, float)):
        return [f"       {name}: {value!r}"]
    if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        return [f"       {name}:", *(f"         - {one}" for one in value)]
    return []


def _blueprint_hint() -> list[str]:
    request_ctx = current_request_context.get(None)
    name = request_ctx.request.blueprint if request_ctx is not None else None
    if name is None:
        return []
    return [
        f"  It was looked up from an endpoint that belongs to the blueprint {name!r}.",
        "  Is it in the template folder of that blueprint, or of the application?",
        "  See https://flask.palletsprojects.com/blueprints/#templates",
    ]
