"""Retort's Jinja environment and loader: where a template is found, and less work to render it.

The search order over application and blueprints is decided here; which folder each of them
names, and the filters and globals, belong to set-up. Nobody imports this file, and so Jinja,
before a template is asked for, since many programs have none: see `templating.py`.

What is put in place of Jinja's own gives what that gives, and only where nobody else has: a
program may take another class of environments, such as Jinja's sandbox.
"""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING, Any

import markupsafe
from jinja2 import BaseLoader, TemplateNotFound
from jinja2 import Environment as JinjaEnvironment
from jinja2 import Template as JinjaTemplate
from jinja2.compiler import CodeGenerator
from jinja2.runtime import Context, new_context
from jinja2.utils import LRUCache, internalcode
from markupsafe import Markup, escape

from .fast import IS_FAST
from .globals import _cv_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping
    from types import CodeType

    from .scaffold import Scaffold
    from .setup import App

    # Jinja's words for a loaded template: source, file name, "is it still fresh?"
    Source = tuple[str, str | None, Callable[[], bool] | None]
    # Whose loader it was in words, the loader, and what it had.
    Attempt = tuple[str, BaseLoader, Source | None]


# As Jinja does it; a tool may have put something else in the place of each.
_PLAIN_ESCAPE = escape if escape.__module__ == "markupsafe" else None
_GETATTR = JinjaEnvironment.getattr
_NEW_CONTEXT = JinjaTemplate.new_context

# The part of `escape` that escapes, before it makes the text a `Markup`.
_escaped = getattr(markupsafe, "_escape_inner", None)

# The attributes of a dictionary; whatever else a template asks it for can only be an item.
_OF_DICTS = frozenset(vars(dict).keys() | vars(object).keys())


class Template(JinjaTemplate):
    """A template that writes its values, and begins a rendering, in fewer steps."""

    # PERF: benchmarks/micro/template.py

    @classmethod
    def from_code(
        cls,
        environment: JinjaEnvironment,
        code: CodeType,
        globals: MutableMapping[str, Any],  # noqa: A002 - Jinja's name for it
        uptodate: Callable[[], bool] | None = None,
    ) -> JinjaTemplate:
        """The template that ``code`` is.

        Code that Jinja generated uses `escape` for nothing but what is put together with
        other text at once.
        """
        template = super().from_code(environment, code, globals, uptodate)
        names: dict[str, Any] = getattr(template.root_render_func, "__globals__", {})
        is_usual = (
            environment.code_generator_class is CodeGenerator
            and environment.concat is JinjaEnvironment.concat
            and names.get("escape") is _PLAIN_ESCAPE
        )
        if is_usual and _escaped is not None:
            names["escape"] = _escape_piece
        return template

    def new_context(
        self,
        vars: dict[str, Any] | None = None,  # noqa: A002 - Jinja's names
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,  # noqa: A002
    ) -> Context:
        """The context of one rendering, with the globals as they are now."""
        known = self.globals
        is_usual = (
            JinjaTemplate.new_context is _NEW_CONTEXT
            and self.environment.context_class is Context
            and type(known) is ChainMap
        )
        if not is_usual:
            return super().new_context(vars, shared, locals)
        # PERF: a ChainMap, of the environment's and the template's own, is asked for each name.
        names: dict[str, Any] = {}
        for some in reversed(known.maps):  # type: ignore[attr-defined]
            names.update(some)
        return new_context(self.environment, self.name, self.blocks, vars, shared, names, locals)


@internalcode
def _escape_piece(value: Any) -> str:
    """What ``escape`` gives, but for its class: a piece of text need not be ``Markup``."""
    kind = type(value)
    if kind is str:
        return _escaped(value)  # type: ignore[no-any-return,misc]
    if kind is int or kind is float:
        return str(value)
    return value if kind is Markup else escape(value)


class _TemplateCache(LRUCache):
    """Jinja's cache of templates, which notes what was used last only if it is full."""

    def get(self, key: Any, default: Any = None) -> Any:
        if len(self._mapping) < self.capacity:
            return self._mapping.get(key, default)
        return super().get(key, default)


class Environment(JinjaEnvironment):
    """A Jinja environment that finds templates of the application and its blueprints.

    Flask API: Templating.
    """

    _is_next_to_jinja = False

    def __init__(self, app: App, **options: Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app
        if IS_FAST:
            # Not so in a class that has others above, such as Jinja's sandbox.
            self._is_next_to_jinja = getattr(super().getattr, "__func__", None) is _GETATTR
            if self.template_class is JinjaTemplate:
                self.template_class = Template
            self.cache = _quick_cache(self.cache)

    @internalcode  # not shown where something in a template fails
    def getattr(self, obj: Any, attribute: str) -> Any:
        """What ``obj.attribute`` in a template means: the attribute, or else the item.

        A dictionary is asked for the item at once, if it cannot have the attribute.
        """
        plain = JinjaEnvironment.getattr
        if not self._is_next_to_jinja or plain is not _GETATTR:
            return super().getattr(obj, attribute)
        if type(obj) is dict and attribute not in _OF_DICTS:
            try:
                return obj[attribute]
            except (LookupError, TypeError, AttributeError):
                pass  # Jinja says what it is then
        return plain(self, obj, attribute)


def _quick_cache(cache: Any) -> Any:
    if type(cache) is LRUCache and hasattr(cache, "_mapping"):
        return _TemplateCache(cache.capacity)
    return cache


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
