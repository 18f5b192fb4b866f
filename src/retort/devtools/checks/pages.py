"""Find the program's pages: templates, HTML files beside it and strings in its source.

Each page has the views that render it, if they can be determined: a form without an action is sent
to the address of its page.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import FileSystemLoader, TemplateSyntaxError, meta

from ...templating import render_template
from .markup import Markup, read_markup
from .placeholders import VALUE, PlaceholderText, replace_expressions, replace_format_fields
from .source import Source, first_argument, first_line_of, is_own, text_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .program import Program, View
    from .source import Function

_SUFFIXES = frozenset({".html", ".htm", ".xhtml", ".jinja", ".jinja2", ".j2"})
_REQUESTS = re.compile(r"\bfetch\s*\(|XMLHttpRequest|\.ajax\s*\(|\baxios\b|FormData")

# A script that sets the address of a form, or that is called when one is sent.
_HANDLES_FORMS = re.compile(
    r"""\.action\s*=|["'](?:form)?action["']\s*[,\]]"""
    r"""|\.submit\s*\(\s*[^)\s]|["']submit["']\s*,|\.onsubmit\s*="""
)

_ADDS_ELEMENTS = re.compile(
    r"createElement|innerHTML|insertAdjacent|cloneNode|\$\(|jQuery|\.append\s*\("
)


@dataclass
class Page:
    """HTML, and its location.

    :param first_line: the line of the file where the text begins.
    :param views: the views that render it; ``None`` if they cannot be determined.
    :param template: its name, if it is a template.
    :param blueprint: the name of the blueprint whose template it is.
    """

    file: str
    text: str
    placeholders: PlaceholderText
    markup: Markup
    first_line: int = 1
    views: list[View] | None = None
    template: str | None = None
    blueprint: str | None = None

    def line(self, line: int) -> int:
        """Convert a line of the page to a line of its file."""
        return self.first_line - 1 + line


def pages_of(program: Program) -> list[Page]:
    """All pages of the program that can be found."""
    templates = list(_templates(program))
    _find_views(program, templates)
    seen = {page.file for page in templates}
    beside = [page for page in _files(program) if page.file not in seen]
    return [*templates, *beside, *_strings(program)]


def scripts_send_requests(program: Program) -> bool:
    """Whether a script among the static files sends requests by itself."""
    return any(_REQUESTS.search(text) for text in _scripts(program))


@lru_cache(maxsize=8)
def scripts_handle_forms(program: Program) -> bool:
    """Whether a script among the static files decides where a form is sent."""
    return any(_HANDLES_FORMS.search(text) for text in _scripts(program))


def handles_forms(text: str) -> bool:
    """Whether a page has a script that decides where a form is sent."""
    return "<script" in text.lower() and bool(_HANDLES_FORMS.search(text))


def is_cut(page: Page) -> bool:
    """Whether the text has an incomplete form, as in concatenated strings."""
    text = page.placeholders.text.lower()
    whole = [form for form in page.markup.forms if not form.is_override]
    return not text.count("<form") == text.count("</form") == len(whole)


@lru_cache(maxsize=8)
def scripts_add_elements(program: Program) -> bool:
    """Whether a script among the static files may add fields to a page."""
    return any(_ADDS_ELEMENTS.search(text) for text in _scripts(program))


def adds_elements(text: str) -> bool:
    """Whether a page has a script that may add fields to it."""
    return "<script" in text.lower() and bool(_ADDS_ELEMENTS.search(text))


def _scripts(program: Program) -> Iterator[str]:
    folder = program.app.static_folder
    if folder is not None:
        files = Path(folder).rglob("*.js")
        yield from (_read(file) for file in files if not file.name.endswith(".min.js"))


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _page(program: Program, file: Path) -> Page:
    text = _read(file)
    placeholders = replace_expressions(text, program.app.jinja_env)
    return Page(str(file.resolve()), text, placeholders, read_markup(placeholders))


def _templates(program: Program) -> Iterator[Page]:
    app = program.app
    for scaffold in (app, *app.iter_blueprints()):
        loader = scaffold.jinja_loader
        if not isinstance(loader, FileSystemLoader):
            continue
        for folder in loader.searchpath:
            for file in sorted(Path(folder).rglob("*")):
                if file.suffix in _SUFFIXES and file.is_file() and is_own(str(file)):
                    page = _page(program, file)
                    page.template = file.relative_to(folder).as_posix()
                    page.blueprint = None if scaffold is app else scaffold.name
                    yield page


def _files(program: Program) -> Iterator[Page]:
    """HTML files in the folder of the program, and static HTML files."""
    app = program.app
    files = list(Path(app.root_path).glob("*.html"))
    if app.static_folder is not None:
        files += Path(app.static_folder).rglob("*.html")
    for file in sorted(files):
        yield _page(program, file)


def _find_views(program: Program, pages: list[Page]) -> None:
    """Find the views that render each template, directly or as a part of another."""
    shown = _shown_templates(program)
    parts = {page.template: _parts(program, page) for page in pages}
    if None in shown or any(None in names for names in parts.values()):
        return  # a computed name: it may be any template
    for page in pages:
        wholes = _wholes(page.template, parts)
        showing = [view for whole in wholes for view in shown.get(whole, ())]
        if showing and all(view is not None for view in showing):
            page.views = [view for view in showing if view is not None]


def _wholes(name: str | None, parts: dict[str | None, set[str | None]]) -> set[str | None]:
    """The templates that contain a template, including itself."""
    wholes = {name}
    while True:
        more = {whole for whole, used in parts.items() if used & wholes} - wholes
        if not more:
            return wholes
        wholes |= more


def _parts(program: Program, page: Page) -> set[str | None]:
    """The templates that a template extends, includes or imports; ``None``: a computed name."""
    try:
        return set(meta.find_referenced_templates(program.app.jinja_env.parse(page.text)))
    except TemplateSyntaxError:
        return set()


def _shown_templates(program: Program) -> dict[str | None, list[View | None]]:
    """The views that render each template, by name; ``None`` for a function that is not a view."""
    shown: dict[str | None, list[View | None]] = {}
    for source in program.sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and _called(node) == render_template.__name__:
                name = text_in(first_argument(node, "template_name_or_list"))
                shown.setdefault(name, []).append(_view_around(program, source, node))
    return shown


def _called(call: ast.Call) -> str | None:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else None


def _view_around(program: Program, source: Source, node: ast.AST) -> View | None:
    for view in program.views:
        code = view.code
        if code.source is not source or not _has_line(code.node, node):
            continue
        if any(node is inner for inner in ast.walk(code.node)):
            return view
    return None


def _has_line(function: Function, node: ast.AST) -> bool:
    """Whether a function has the line of a node; true for a node without a line."""
    line = getattr(node, "lineno", function.lineno)
    return first_line_of(function) <= line <= (function.end_lineno or line)


def _strings(program: Program) -> Iterator[Page]:
    """String literals with a form in the source of the program."""
    for source in program.sources:
        inner: set[ast.AST] = set(_not_pages(source))
        for node in ast.walk(source.tree):
            if node in inner or not isinstance(node, (ast.JoinedStr, ast.Constant)):
                continue
            if isinstance(node, ast.JoinedStr):
                inner.update(ast.walk(node))
            placeholders = _replace_in_string(program, node)
            if placeholders is not None:
                page = Page(
                    source.path,
                    placeholders.text,
                    placeholders,
                    read_markup(placeholders),
                    node.lineno,
                )
                page.views = _views_of_string(program, source, node)
                yield page


def _not_pages(source: Source) -> Iterator[ast.AST]:
    """The strings that are statements: docstrings."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Expr):
            yield node.value


def _replace_in_string(
    program: Program, node: ast.JoinedStr | ast.Constant
) -> PlaceholderText | None:
    if isinstance(node, ast.JoinedStr):
        placeholders = PlaceholderText()
        for part in node.values:
            text = text_in(part)
            if text is None:
                placeholders.add_placeholder(VALUE, "")
            else:
                placeholders.add(text)
        return placeholders if "<form" in placeholders.text.lower() else None
    text = text_in(node)
    if text is None or "<form" not in text.lower():
        return None
    if "{{" in text or "{%" in text:
        return replace_expressions(text, program.app.jinja_env)
    return replace_format_fields(text)


def _views_of_string(program: Program, source: Source, node: ast.AST) -> list[View] | None:
    view = _view_around(program, source, node)
    if view is not None:
        return [view]
    for statement in source.tree.body:  # PAGE = """..."""
        if isinstance(statement, ast.Assign) and statement.value is node:
            return _views_that_name(program, source, statement.targets[0])
    return None


def _views_that_name(program: Program, source: Source, target: ast.expr) -> list[View] | None:
    name = target.id if isinstance(target, ast.Name) else None
    uses = [
        _view_around(program, source, node)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]
    if not uses or None in uses:
        return None
    return [view for view in uses if view is not None]
