"""Advice on ``url_for``: an unknown endpoint, and values that are missing or do not fit."""

from __future__ import annotations

import ast
import difflib
import re
from typing import TYPE_CHECKING, Any

from werkzeug.routing import BuildError

from ....routing.urls import build_url
from ...checks.reads import all_reads
from ...checks.source import UNKNOWN, first_argument, text_in
from ..diagnostic import DiagnosticContext, Line, frame_value, joined, source_at
from ..edit import FileEdit, diff_of, quote_like
from ..none import ended, origin_of, where_read
from ..record import Advice

if TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ...checks.source import Source
    from ..none import Origin
    from ..record import Place


def cannot_build(diagnostic: DiagnosticContext) -> Advice | None:
    """Explain which endpoint is similar, or which arguments are missing."""
    error = diagnostic.error
    if not isinstance(error, BuildError):
        return None
    known = {str(rule.endpoint) for rule in diagnostic.program.rules}
    endpoint = str(error.endpoint)
    own = [rule for rule in diagnostic.program.rules if str(rule.endpoint) == endpoint]
    if own:
        return _wrong_arguments(diagnostic, error, own)
    if endpoint.startswith("/") or "/" in endpoint:
        return _path_for_endpoint(diagnostic, error, endpoint)
    meant, why, is_only = _endpoint_meant(diagnostic, endpoint, sorted(known))
    missing = _missing_for(diagnostic, error, meant)
    return Advice(
        what=f"There is no endpoint {endpoint!r}." + (f" Did you mean {meant!r}?" if meant else ""),
        why=why,
        place=diagnostic.last_place,
        fix=_endpoint_fix(endpoint, meant, missing) if meant else "Name one of the endpoints.",
        diff=_endpoint_diff(diagnostic, endpoint, meant, missing) if meant and is_only else "",
        facts=(("Endpoints", ", ".join(sorted(known))),),
    )


def _missing_for(diagnostic: DiagnosticContext, error: BuildError, endpoint: str) -> list[str]:
    """The variables of another endpoint for which ``url_for`` got no value."""
    rules = [rule for rule in diagnostic.program.rules if str(rule.endpoint) == endpoint]
    given = _values_given(error)
    return min((_missing(rule, given) for rule in rules), key=len, default=[])


def _endpoint_fix(wrong: str, meant: str, missing: list[str]) -> str:
    """The fix for a wrong endpoint; the right one may need values that were not passed."""
    values = ", ".join(f"{name}=..." for name in missing)
    return f"Write {meant!r} for {wrong!r}" + (
        f", and pass {values} to url_for." if values else "."
    )


def _path_for_endpoint(diagnostic: DiagnosticContext, error: BuildError, path: str) -> Advice:
    rules = diagnostic.program.rules_at(path if path.startswith("/") else f"/{path}")
    named = [rule for rule in diagnostic.program.rules if str(rule.endpoint) == path.strip("/")]
    rule = next(iter([*rules, *named]), None)
    meant = str(rule.endpoint) if rule else ""
    belongs = f" {path} belongs to {meant!r}." if rules else ""
    if named and not rules:
        belongs = f" Did you mean {meant!r}?"
    is_plain = rule is not None and (not rule.arguments or bool(named))
    missing = _missing_for(diagnostic, error, meant)
    return Advice(
        what=f"url_for({path!r}): endpoints are names of functions, and this is a path.{belongs}",
        place=diagnostic.last_place,
        fix=(
            _endpoint_fix(path, meant, missing)
            if rule
            else f"Write redirect({path!r}), or name a view."
        ),
        diff=_endpoint_diff(diagnostic, path, meant, missing) if is_plain else "",
        facts=(
            ("Endpoints", ", ".join(sorted({str(r.endpoint) for r in diagnostic.program.rules}))),
        ),
    )


def _endpoint_meant(
    diagnostic: DiagnosticContext, endpoint: str, known: list[str]
) -> tuple[str, str, bool]:
    """The endpoint that is meant, the reason, and whether there is no other."""
    last = endpoint.rpartition(".")[2]
    same = [one for one in known if one.rpartition(".")[2] == last]
    if same:
        current = None if diagnostic.request is None else diagnostic.request.blueprint
        meant = next((one for one in same if one == f"{current}.{last}"), same[0])
        blueprint = meant.rpartition(".")[0]
        owner = f"the blueprint {blueprint!r}" if blueprint else "no blueprint"
        return meant, f"The endpoint {meant!r} belongs to {owner}.", len(same) == 1
    for view in diagnostic.program.views:
        if view.code.node.name == endpoint:
            name = min(view.endpoints)
            return name, f"The route of {endpoint}() has the endpoint {name!r}.", True
    close = difflib.get_close_matches(endpoint, known, n=1)
    return (close[0], "", True) if close else ("", "", False)


# Values


def _wrong_arguments(diagnostic: DiagnosticContext, error: BuildError, rules: list[Rule]) -> Advice:
    endpoint, given = str(error.endpoint), _values_given(error)
    rule = min(rules, key=lambda one: len(_missing(one, given)))
    missing = _missing(rule, given)
    facts = (
        ("Needed", ", ".join(sorted(rule.arguments)) or "nothing"),
        ("Given", ", ".join(_with_none(given)) or "nothing"),
    )
    if not missing:
        return _unsuitable(diagnostic, error, rules, facts)
    nones = [name for name in missing if name in given]
    if nones:
        return _none_given(diagnostic, endpoint, rule, nones, facts)
    extra = [name for name in given if name not in rule.arguments]
    return Advice(
        what=f"url_for({endpoint!r}) needs {_quoted(missing)}, for {rule.rule}.",
        why="The variables in <...> in the route are keyword arguments of url_for.",
        place=diagnostic.last_place,
        fix=f"Write url_for({endpoint!r}, {', '.join(f'{name}=...' for name in missing)}).",
        diff=_argument_diff(diagnostic, endpoint, missing, extra),
        facts=facts,
    )


def _missing(rule: Rule, given: dict[str, Any]) -> list[str]:
    """The variables of a rule without a value; ``url_for`` treats ``None`` as none."""
    needed = rule.arguments - set(rule.defaults or ())
    return sorted(name for name in needed if given.get(name) is None)


def _values_given(error: BuildError) -> dict[str, Any]:
    """The values that ``url_for`` was called with; the exception has none that are ``None``."""
    values = frame_value(error, build_url, "values")
    if values is UNKNOWN:
        return dict(error.values)
    return {name: values[name] for name in values if not name.startswith("_")}


def _with_none(given: dict[str, Any]) -> list[str]:
    return [name if value is not None else f"{name} (None)" for name, value in given.items()]


def _quoted(names: list[str]) -> str:
    return joined([repr(name) for name in names])


def _unsuitable(
    diagnostic: DiagnosticContext,
    error: BuildError,
    rules: list[Rule],
    facts: tuple[tuple[str, str], ...],
) -> Advice:
    """No variable is missing: the method, a default or a converter does not fit."""
    shown = f"url_for({str(error.endpoint)!r})"
    listed = joined([rule.rule for rule in rules])
    if error.method and not any(error.method in (rule.methods or ()) for rule in rules):
        return Advice(
            what=f"{shown} has _method={error.method!r}, which {listed} does not accept.",
            place=diagnostic.last_place,
            fix="Name a method that the route accepts, or add this one to the route.",
            facts=facts,
        )
    return Advice(
        what=f"{shown} does not match {listed} with these values.",
        why="The defaults of a route and its converters decide which values it accepts.",
        place=diagnostic.last_place,
        fix="Pass values that the route accepts.",
        facts=facts,
    )


def _none_given(
    diagnostic: DiagnosticContext,
    endpoint: str,
    rule: Rule,
    nones: list[str],
    facts: tuple[tuple[str, str], ...],
) -> Advice:
    """A variable was passed, and was ``None``."""
    line, node = diagnostic.last_line, _value_at(diagnostic, endpoint, nones[0])
    origin = None if line is None or node is None else origin_of(diagnostic, line, node)
    shown = nones[0] if node is None else ast.unparse(node)
    was = "was None" if len(nones) == 1 else "were None"
    reason = f": {origin.because}" if origin is not None and origin.because else ""
    place, last = _place_of(diagnostic, origin), diagnostic.last_place
    read = ""
    if line is not None and place == last:
        read = where_read(origin, line.file, line.line)
    elif last is not None:
        facts = (("url_for is called in", f"line {last.line}: {last.source}"), *facts)
    return Advice(
        what=ended(f"url_for({endpoint!r}) needs {_quoted(nones)}, which {was}{reason}"),
        why=f"{rule.rule} has no address without a value. {read}".strip(),
        place=place,
        fix=f"Before url_for, handle the case that {shown} is None: return another page there.",
        facts=facts,
    )


def _place_of(diagnostic: DiagnosticContext, origin: Origin | None) -> Place | None:
    """The line that read the value, if it is known why it was ``None``."""
    return diagnostic.last_place if origin is None or not origin.because else origin.place


def _value_at(diagnostic: DiagnosticContext, endpoint: str, name: str) -> ast.expr | None:
    found = _calls_at(diagnostic, endpoint)
    keywords = found[1].keywords if found is not None else []
    return next((each.value for each in keywords if each.arg == name), None)


def _calls_at(
    diagnostic: DiagnosticContext, endpoint: str
) -> tuple[Source, ast.Call, ast.expr] | None:
    """The only call with this endpoint in the line that failed."""
    line = diagnostic.last_line
    source = None if line is None else source_at(line)
    if source is None or line is None:
        return None
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and node.lineno <= line.line <= (node.end_lineno or 0):
            argument = first_argument(node, "endpoint")
            text = None if argument is None else text_in(argument)
            if argument is not None and text is not None and _names(text, endpoint):
                found.append((source, node, argument))
    return found[0] if len(found) == 1 else None


def _names(text: str, endpoint: str) -> bool:
    """Whether the text of an endpoint, perhaps relative to a blueprint, is this endpoint."""
    return text == endpoint or (text.startswith(".") and f".{endpoint}".endswith(text))


def _endpoint_diff(
    diagnostic: DiagnosticContext, endpoint: str, meant: str, missing: list[str]
) -> str:
    """Correct the endpoint, and pass the local variables with the names of missing values."""
    found = _calls_at(diagnostic, endpoint)
    if not all(found and _is_local(diagnostic.last_line, name) for name in missing):
        return ""
    if found is None:
        return _template_diff(diagnostic, endpoint, meant)
    source, _, argument = found
    edit = FileEdit(source.path)
    edit.replace_node(argument, quote_like(edit.source(argument), meant))
    for name in missing:
        edit.insert(edit.end(argument), f", {name}={name}")
    return diff_of(diagnostic.folder, edit)


def _template_diff(diagnostic: DiagnosticContext, endpoint: str, meant: str) -> str:
    """The same in a template, by the line number in the traceback."""
    line = diagnostic.last_line
    if line is None or line.file.endswith(".py"):
        return ""
    edit = FileEdit(line.file)
    quoted = re.compile(rf"(url_for\(\s*)(['\"]){re.escape(endpoint)}\2")
    found = quoted.search(edit.text, edit.offset(line.line))
    if found is None or edit.line_of(found) != line.line:
        return ""
    edit.replace(found.start(), found.end(), f"{found[1]}{found[2]}{meant}{found[2]}")
    return diff_of(diagnostic.folder, edit)


def _argument_diff(
    diagnostic: DiagnosticContext, endpoint: str, missing: list[str], extra: list[str]
) -> str:
    """Rename a misnamed argument, or pass the local variable of that name."""
    found = _calls_at(diagnostic, endpoint)
    if found is None or len(missing) != 1 or any(one.arg is None for one in found[1].keywords):
        return ""
    source, call, argument = found
    edit = FileEdit(source.path)
    wrong = [each for each in call.keywords if each.arg in extra]
    if wrong and _may_be_query(diagnostic, endpoint, wrong):
        return ""
    if len(wrong) == 1 and wrong[0].arg:
        start = edit.start(wrong[0])
        edit.replace(start, start + len(wrong[0].arg), missing[0])
    elif not extra and _is_local(diagnostic.last_line, missing[0]):
        edit.insert(edit.end(argument), f", {missing[0]}={missing[0]}")
    else:
        return ""
    return diff_of(diagnostic.folder, edit)


def _may_be_query(
    diagnostic: DiagnosticContext, endpoint: str, keywords: list[ast.keyword]
) -> bool:
    """Whether the view may read one of these arguments from the query string."""
    views = [view for view in diagnostic.program.views if endpoint in view.endpoints]
    reads = [all_reads(view.code) for view in views]
    names = {one.arg for one in keywords}
    return not reads or any(one.is_open or names & one.names() for one in reads)


def _is_local(line: Line | None, name: str) -> bool:
    """Whether a local variable of this name has a value."""
    return line is not None and line.frame.f_locals.get(name) is not None
