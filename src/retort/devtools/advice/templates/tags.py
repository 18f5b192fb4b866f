"""Corrections of tags: those that are not closed, and those that Jinja does not have."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import TemplateSyntaxError

from .broken import BrokenTemplate, Correction
from .rendering import rendering

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Rule = Callable[[BrokenTemplate], Correction | None]

_BLOCKS = ("if", "for", "block", "macro", "call", "filter", "with", "autoescape", "trans", "set")
_ENDS = {f"end{name}": name for name in _BLOCKS}
_OTHERS = ("elif", "else", "extends", "include", "import", "from", "print", "raw", "endraw")
_BRANCHES = {"if": ("elif", "else"), "for": ("else",)}
# Tags of other template languages, and of Jinja's extensions.
_ELSEWHERE = {
    "url": "Write {{ url_for('endpoint') }}.",
    "static": "Write {{ url_for('static', filename='...') }}.",
    "load": "Remove this tag: filters and functions need no tag to be loaded.",
    "csrf_token": "Write {{ csrf_token() }} in a hidden input; Flask-WTF's CSRFProtect defines it.",
    "while": "Loop with {% for %}; Jinja has no other loop.",
    "switch": "Write {% if %} and {% elif %}.",
    "do": "Write app.jinja_env.add_extension('jinja2.ext.do') in the program.",
    "break": "Write app.jinja_env.add_extension('jinja2.ext.loopcontrols') in the program.",
    "continue": "Write app.jinja_env.add_extension('jinja2.ext.loopcontrols') in the program.",
    "trans": "Write app.jinja_env.add_extension('jinja2.ext.i18n') in the program.",
}
_UNKNOWN = re.compile(r"Encountered unknown tag '(\w+)'")


class Tag(NamedTuple):
    """A tag of a template, such as ``{% if user %}``."""

    name: str
    line: int
    has_value: bool  # with a "=", as in {% set a = 1 %}


def tags_in(broken: BrokenTemplate) -> Iterator[Tag]:
    """The tags of a template, up to what Jinja cannot read."""
    name, line, has_value, is_open = "", 0, False, False
    try:
        for number, kind, value in broken.environment.lex(broken.text):
            if kind == "block_begin":
                name, line, has_value, is_open = "", number, False, True
            elif kind == "name" and is_open and not name:
                name = value
            elif kind == "operator" and value == "=":
                has_value = True
            elif kind == "block_end":
                is_open = False
                yield Tag(name, line, has_value)
    except TemplateSyntaxError:
        return


def _open_tags(broken: BrokenTemplate) -> tuple[list[Tag], Tag | None]:
    """The tags that are open at the error, and the tag that closes another one."""
    opened: list[Tag] = []
    for tag in tags_in(broken):
        if tag.name in _BLOCKS and not (tag.name == "set" and tag.has_value):
            opened.append(tag)
        elif tag.name in _ENDS and opened and opened[-1].name == _ENDS[tag.name]:
            opened.pop()
        elif tag.line >= broken.number and tag.name == _unknown(broken):
            return opened, tag
    return opened, None


def _unknown(broken: BrokenTemplate) -> str:
    found = _UNKNOWN.match(broken.message)
    return found[1] if found else ""


def _at_the_end(broken: BrokenTemplate) -> Correction | None:
    """A tag that is open at the end of the template."""
    if not broken.message.startswith("Unexpected end of template"):
        return None
    opened, _ = _open_tags(broken)
    return _not_closed(broken, opened[-1], "where its part of the page ends") if opened else None


def _not_closed(broken: BrokenTemplate, tag: Tag, where: str) -> Correction:
    return Correction(
        what=f"The {_shown(tag.name)} in {broken.where(tag.line)} is not closed.",
        fix=f"Write {_shown('end' + tag.name)} {where}.",
        line=tag.line,
        why=f"Each {_shown('end' + tag.name)} closes the nearest open {_shown(tag.name)} above it.",
    )


def _shown(name: str) -> str:
    return f"{{% {name} %}}"


def _wrong_end(broken: BrokenTemplate) -> Correction | None:
    """A tag that closes an outer tag, or none."""
    name = _unknown(broken)
    if name not in _ENDS:
        return None
    opened, tag = _open_tags(broken)
    if tag is None:
        return None
    if not opened:
        return Correction(
            what=f"The {_shown(name)} in {broken.where()} closes no open tag.",
            fix=f"Remove it, or write {_shown(_ENDS[name])} before it.",
        )
    if any(each.name == _ENDS[name] for each in opened):
        return _not_closed(broken, opened[-1], f"before the {_shown(name)} of line {tag.line}")
    inner = opened[-1]
    return Correction(
        what=(
            f"The {_shown(name)} in {broken.where()} comes before the {_shown(inner.name)} of"
            f" line {inner.line} is closed."
        ),
        fix=f"Write {_shown('end' + inner.name)} to close it.",
    )


def _misspelt(broken: BrokenTemplate) -> Correction | None:
    """``{% endiff %}``, ``{% end if %}``, ``{% elseif %}``, ``{% extend %}``."""
    name = _unknown(broken)
    found = re.search(rf"\{{%[-+]?\s*({name})(\s+\w+)?", broken.line) if name else None
    if found is None:
        return None
    opened, _ = _open_tags(broken)
    meant, last = _meant(broken, name, opened[-1].name if opened else ""), 1
    if name == "end" and opened:
        meant = f"end{opened[-1].name}"
        last = 2 if (found[2] or "").strip() == opened[-1].name else 1
    if not meant:
        return None
    start = broken.offset(broken.number)
    written = broken.line[found.start(1) : found.end(last)]
    return Correction(
        what=f"Jinja has no tag {_shown(written)}, in {broken.where()}.",
        fix=f"Write {_shown(meant)}.",
        changes=((start + found.start(1), start + found.end(last), meant),),
    )


def _meant(broken: BrokenTemplate, name: str, inner: str) -> str:
    if name in ("elseif", "elsif") and inner == "if":
        return "elif"
    if name in _ELSEWHERE:
        return ""
    extensions = broken.environment.extensions.values()
    known = {
        *_BLOCKS[:-2],
        "set",
        *_OTHERS[:-2],
        *(tag for each in extensions for tag in each.tags),
    }
    known |= {f"end{inner}", *_BRANCHES.get(inner, ())} if inner else set()
    known -= set() if inner in _BRANCHES else {"elif", "else"}
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.7)), "")


def _else_if(broken: BrokenTemplate) -> Correction | None:
    found = re.search(r"\{%[-+]?\s*(else\s+if)\b", broken.line)
    if found is None or "got 'if'" not in broken.message:
        return None
    return Correction(
        what=f"Jinja has no tag {_shown('else if')}, in {broken.where()}.",
        fix=f"Write {_shown('elif')}.",
        changes=(broken.change(found, "elif", 1),),
    )


def _printed_as_tag(broken: BrokenTemplate) -> Correction | None:
    """``{% name %}`` in place of ``{{ name }}``; and tags of other languages."""
    name = _unknown(broken)
    if name in _ELSEWHERE:
        return Correction(
            what=f"Jinja has no tag {_shown(name)}, in {broken.where()}.", fix=_ELSEWHERE[name]
        )
    found = re.search(rf"\{{%[-+]?\s*({name}\b[^%]*?)\s*[-+]?%\}}", broken.line) if name else None
    if found is None or not _is_expression(broken, found[1]):
        return None
    is_known = name in broken.environment.globals or name in _passed(broken)
    return Correction(
        what=f"Jinja has no tag {_shown(name)}, in {broken.where()}.",
        fix=f"Write {{{{ {found[1]} }}}} to print a value.",
        changes=(broken.change(found, f"{{{{ {found[1]} }}}}"),) if is_known else (),
    )


def _is_expression(broken: BrokenTemplate, source: str) -> bool:
    try:
        broken.environment.parse(f"{{{{ {source} }}}}")
    except TemplateSyntaxError:
        return False
    return True


def _passed(broken: BrokenTemplate) -> list[str]:
    found = rendering(broken.diagnostic)
    return [] if found is None else found.names


def _block_twice(broken: BrokenTemplate) -> Correction | None:
    found = re.match(r"block '(\w+)' defined twice", broken.message)
    if found is None:
        return None
    tags = list(re.finditer(rf"\{{%[-+]?\s*block\s+{found[1]}\b", broken.text))
    lines = [broken.line_of(tag) for tag in tags]
    if len(lines) < 2:
        return None
    return Correction(
        what=f"There is a second {_shown('block ' + found[1])} in {broken.where(lines[1])}.",
        fix="Give one of the blocks another name.",
        line=lines[1],
        why=(
            f"The first is in line {lines[0]}. To show a block again, write"
            f" {{{{ self.{found[1]}() }}}}."
        ),
    )


def _other_block(broken: BrokenTemplate) -> Correction | None:
    """``{% endblock other %}``: the name is not that of the open block."""
    found = re.search(r"\{%[-+]?\s*endblock\s+(\w+)", broken.line)
    if found is None or f"got '{found[1]}'" not in broken.message:
        return None
    return Correction(
        what=(
            f"The {_shown('endblock ' + found[1])} in {broken.where()} comes while another block is"
            " open."
        ),
        fix=f"Write the name of the open block, or close it before {found[1]}.",
    )


TAG_RULES: tuple[Rule, ...] = (
    _at_the_end,
    _wrong_end,
    _misspelt,
    _else_if,
    _printed_as_tag,
    _block_twice,
    _other_block,
)
