"""Find templates that do not exist, and those that Jinja cannot parse."""

from __future__ import annotations

import ast
import difflib
import os
import re
from typing import TYPE_CHECKING

from jinja2 import BaseLoader, ChoiceLoader, TemplateNotFound, TemplateSyntaxError, nodes

from ....helpers import get_template_attribute
from ....templating import render_template, stream_template
from ..calls import is_one_of
from ..findings import Finding
from ..source import first_argument, text_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jinja2 import Environment

    from ..pages import Page
    from ..program import Program

_RENDERERS = (render_template, stream_template, get_template_attribute)
_PARAMETERS = ("template_name_or_list", "template_name")
_TO_CLOSE = re.compile(r"block that needs to be closed is '(\w+)'")
_UNKNOWN_TAG = re.compile(r"unknown tag '(\w+)'")
_TAGS = (
    *("for", "if", "else", "elif", "block", "macro", "set", "with", "extends", "include", "import"),
    *("endfor", "endif", "endblock", "endmacro", "endset", "endwith"),
)


def check_templates(program: Program, pages: Iterable[Page]) -> Iterator[Finding]:
    """Report missing templates and syntax errors."""
    templates = [page for page in pages if page.template is not None]
    used = _used(program, templates)
    known = _Known(program)
    if known.is_complete:
        yield from _missing_in_python(program, known)
    for page in templates:
        try:
            tree = program.app.jinja_env.parse(page.text)
        except TemplateSyntaxError as error:
            if page.template in used:
                yield _syntax(program.app.jinja_env, page, error)
            continue
        if known.is_complete and page.template in used:
            yield from _missing_in_template(page, tree, known)


class _Known:
    """The templates that the loaders of the application have."""

    def __init__(self, program: Program) -> None:
        self.environment = program.app.jinja_env
        self.root, self.folder = program.app.root_path, program.app.template_folder
        owners = (program.app, *program.app.iter_blueprints())
        loaders = [owner.jinja_loader for owner in owners]
        later = any(blueprint.jinja_loader for blueprint in program.unregistered)
        is_same = not later and not program.is_extended_as_script
        #: Whether all loaders are Jinja's own, which find the same templates at any time.
        self.is_complete = is_same and all(
            _is_plain(loader) for loader in [*loaders, self.environment.loader]
        )

    def has(self, name: str) -> bool:
        """Whether a loader finds the template."""
        assert self.environment.loader is not None
        try:
            self.environment.loader.get_source(self.environment, name)
        except TemplateNotFound:
            return False
        except UnicodeError:
            return True
        return True

    def move(self, name: str) -> str:
        """The fix for a template beside the program, which is not in the template folder."""
        if not os.path.isfile(os.path.join(self.root, name)) or not self.folder:
            return ""
        return f"Move {name} to {self.folder}/{name}."

    def near(self, name: str) -> str | None:
        """The template with the most similar name, or the same name in another folder."""
        names = self.environment.list_templates()
        same = [one for one in names if os.path.basename(one) == os.path.basename(name)]
        lowered = {one.lower(): one for one in names}
        close = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.7)
        return same[0] if same else lowered[close[0]] if close else None


def _is_plain(loader: BaseLoader | None) -> bool:
    if isinstance(loader, ChoiceLoader):
        return all(_is_plain(one) for one in loader.loaders)
    module = type(loader).__module__
    names = ("FileSystemLoader", "PackageLoader", "DictLoader", "DispatchingJinjaLoader")
    return loader is None or (
        module.partition(".")[0] in ("jinja2", "retort", "flask") and type(loader).__name__ in names
    )


def _used(program: Program, templates: list[Page]) -> set[str | None]:
    """The templates that a string of the program names, or another such template.

    Other files in the folder may be templates of something else, such as a script.
    """
    named: dict[str | None, set[str]] = {}
    for page in templates:
        named[page.template] = set(re.findall(r"""["']([^"'\n]+)["']""", page.text))
    used: set[str | None] = {name for name in named if name in program.strings}
    while True:
        more = {name for one in used for name in named[one] if name in named} - used
        if not more:
            return used
        used |= more


# Missing


def _missing_in_python(program: Program, known: _Known) -> Iterator[Finding]:
    for call in program.calls:
        if not is_one_of(call.called, _RENDERERS):
            continue
        argument = first_argument(call.node, _PARAMETERS[0]) or first_argument(
            call.node, _PARAMETERS[1]
        )
        names = [text_in(argument)]
        if isinstance(argument, (ast.List, ast.Tuple)):
            names = [text_in(element) for element in argument.elts]
        yield from _missing(call.path, call.node.lineno, names, known)


def _missing_in_template(page: Page, tree: nodes.Template, known: _Known) -> Iterator[Finding]:
    kinds = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
    for node in tree.find_all(kinds):
        if isinstance(node, nodes.Include) and node.ignore_missing:
            continue
        named = node.template  # type: ignore[attr-defined]
        parts = named.items if isinstance(named, (nodes.List, nodes.Tuple)) else [named]
        names = [_constant(part) for part in parts]
        yield from _missing(page.file, node.lineno, names, known)


def _constant(node: nodes.Node) -> str | None:
    value = node.value if isinstance(node, nodes.Const) else None
    return value if isinstance(value, str) else None


def _missing(file: str, line: int, names: list[str | None], known: _Known) -> Iterator[Finding]:
    """The finding, if none of several templates exists."""
    texts = [name for name in names if name is not None]
    if not texts or len(texts) < len(names) or any(known.has(name) for name in texts):
        return
    name = texts[0]
    near = known.near(name)
    fix = (
        f"Write {near!r}, or create {name!r}."
        if near
        else known.move(name) or f"Create {name!r} in a template folder."
    )
    listed = " or ".join(map(repr, texts))
    yield Finding(
        file,
        line,
        "missing-template",
        f"There is no template {listed} in the template folders."
        + (f" Did you mean {near!r}?" if near else ""),
        fix,
    )


# Syntax


def _syntax(environment: Environment, page: Page, error: TemplateSyntaxError) -> Finding:
    message = (error.message or "").rstrip(".")
    line, fix = error.lineno, _syntax_fix(message)
    unclosed, unknown = _TO_CLOSE.search(message), _UNKNOWN_TAG.search(message)
    if unclosed and unknown and unknown[1] in _TAGS:
        message = f"{{% {unknown[1]} %}} is met before {{% {unclosed[1]} %}} is closed"
        fix = f"Write {{% end{unclosed[1]} %}} before {{% {unknown[1]} %}}."
    elif unclosed and "end of template" in message:
        line = _unclosed(environment, page.text, unclosed[1]) or line
        message = f"{{% {unclosed[1]} %}} is not closed"
        fix = f"Write {{% end{unclosed[1]} %}} where it ends."
    return Finding(
        page.file,
        line,
        "template-syntax",
        f"Jinja cannot parse the template {page.template}: {message}.",
        fix,
    )


def _unclosed(environment: Environment, text: str, tag: str) -> int | None:
    """The line of the last ``{% tag %}`` that has no ``{% endtag %}``."""
    opened: list[int] = []
    before = ""
    for line, token, value in environment.lex(text):
        if token == "whitespace":
            continue
        if token == "name" and before == "block_begin":
            if value == tag:
                opened.append(line)
            elif value == f"end{tag}" and opened:
                opened.pop()
        before = token
    return opened[-1] if opened else None


def _syntax_fix(message: str) -> str:
    unknown = _UNKNOWN_TAG.search(message)
    if unknown and unknown[1] in _TAGS:
        return f"Remove {{% {unknown[1]} %}}, or begin its block before it."
    if unknown:
        near = difflib.get_close_matches(unknown[1], _TAGS, n=1)
        return f"Write {{% {near[0]} %}}." if near else "Correct the name of the tag, or remove it."
    if "unexpected '}'" in message:
        return "Write two braces at each end of an expression: {{ name }}."
    return "Correct the tag or expression in this line; Jinja's syntax is at https://jinja.palletsprojects.com/templates/."
