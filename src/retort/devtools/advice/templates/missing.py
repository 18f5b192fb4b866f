"""Advice on a missing template: the searched folders, their files, and similar names."""

from __future__ import annotations

import ast
import difflib
import os
from pathlib import Path

from jinja2 import Environment as BaseEnvironment
from jinja2 import FileSystemLoader, TemplateNotFound, TemplatesNotFound
from werkzeug.local import LocalProxy

from ...checks.rules.start import folder_like
from ...checks.source import text_in
from ..diagnostic import DiagnosticContext, source_at
from ..edit import FileEdit, diff_of, quote_like, rename_diff
from ..record import Advice

_SHOWN_FILES = 20


def template_not_found(diagnostic: DiagnosticContext) -> Advice | None:
    """Explain where the template was searched, and where it is."""
    error = diagnostic.error
    if not isinstance(error, TemplateNotFound) or diagnostic.app is None or not error.name:
        return None
    if not _is_of_application(diagnostic):
        return None
    folders = _searched(diagnostic)
    if isinstance(error, TemplatesNotFound):
        return _none_of(diagnostic, [str(each) for each in error.templates], folders)
    name = str(error.name)
    if any((folder / name).is_file() for folder in folders):
        return None  # a loader of the program has another reason
    for explain in (_with_folder, _in_misnamed_folder, _beside, _near):
        advice = explain(diagnostic, name, folders)
        if advice is not None:
            return advice
    return Advice(
        what=_what(repr(name), folders),
        why=_why(folders),
        place=diagnostic.last_place,
        fix=f"Create the file {_home(diagnostic, folders) / name}.",
        facts=_facts(folders),
    )


def _is_of_application(diagnostic: DiagnosticContext) -> bool:
    """Whether the application's loader was searched, and not that of another environment."""
    step, loader = diagnostic.error.__traceback__, diagnostic.app.jinja_env.loader
    found = loader
    while step is not None:
        searching = step.tb_frame.f_locals.get("self")
        if type(searching) is not LocalProxy and isinstance(searching, BaseEnvironment):
            found = searching.loader
        step = step.tb_next
    return found is loader


def _none_of(diagnostic: DiagnosticContext, names: list[str], folders: list[Path]) -> Advice:
    """``render_template(["a.html", "b.html"])``, and no file has one of these names."""
    return Advice(
        what=_what(f"{', '.join(map(repr, names[:-1]))} or {names[-1]!r}", folders),
        why=_why(folders),
        place=diagnostic.last_place,
        fix=f"Create the file {_home(diagnostic, folders) / names[-1]}, or correct a name.",
        facts=_facts(folders),
    )


def _searched(diagnostic: DiagnosticContext) -> list[Path]:
    """The folders of the application's loader, then those of its blueprints."""
    found = []
    for owner in (diagnostic.app, *diagnostic.app.iter_blueprints()):
        if isinstance(owner.jinja_loader, FileSystemLoader):
            found += [Path(folder).resolve() for folder in owner.jinja_loader.searchpath]
    return list(dict.fromkeys(found))


def _home(diagnostic: DiagnosticContext, folders: list[Path]) -> Path:
    return folders[0] if folders else Path(diagnostic.app.root_path, "templates")


def _what(shown: str, folders: list[Path], more: str = ".") -> str:
    places = ", ".join(str(folder) for folder in folders)
    return f"There is no template {shown}{f' in {places}' if places else ''}{more}"


def _why(folders: list[Path]) -> str:
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    return f"This folder does not exist: {', '.join(missing)}." if missing else ""


def _files_in(folder: Path) -> list[str]:
    files = sorted(folder.rglob("*")) if folder.is_dir() else []
    return [file.relative_to(folder).as_posix() for file in files if file.is_file()]


def _facts(folders: list[Path]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"Files in {folder}", ", ".join(_files_in(folder)[:_SHOWN_FILES]) or "none")
        for folder in folders
    )


def _with_folder(diagnostic: DiagnosticContext, name: str, folders: list[Path]) -> Advice | None:
    """``render_template("templates/login.html")``."""
    first, _, rest = name.partition("/")
    for folder in folders:
        if folder.name == first and rest and (folder / rest).is_file():
            return Advice(
                what=_what(repr(name), folders, f"; the name of the file there is {rest!r}."),
                why="The name of a template begins below the template folder.",
                place=diagnostic.last_place,
                fix=f"Write {rest!r}.",
                diff=_name_diff(diagnostic, name, rest),
                facts=_facts(folders),
            )
    return None


def _in_misnamed_folder(
    diagnostic: DiagnosticContext, name: str, folders: list[Path]
) -> Advice | None:
    root = Path(diagnostic.app.root_path).resolve()
    for word in filter(None, (folder_like(str(root), "templates"), "html")):
        folder = root / word
        is_same = any(folder.is_dir() and one.exists() and folder.samefile(one) for one in folders)
        if is_same or not (folder / name).is_file():
            continue
        return Advice(
            what=_what(repr(name), folders, f"; it is in {folder}."),
            why="The default folder is templates, unless the application sets another.",
            place=diagnostic.last_place,
            fix=f"Rename the folder {word} to templates, or write template_folder={word!r}.",
            diff=_folder_diff(diagnostic, word) or _move(diagnostic, folder / name, folders, name),
            facts=_facts(folders),
        )
    return None


def _folder_diff(diagnostic: DiagnosticContext, word: str) -> str:
    """``Flask(__name__, template_folder="template")``."""
    for source in diagnostic.program.sources:
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            names = {each.arg for each in node.keywords}
            if called in ("Flask", "Retort") and "template_folder" not in names:
                edit = FileEdit(source.path)
                last = [*node.args, *(each.value for each in node.keywords)][-1]
                shown = quote_like(edit.source(node), word)
                edit.insert(edit.end(last), f", template_folder={shown}")
                return diff_of(diagnostic.folder, edit)
    return ""


def _move(diagnostic: DiagnosticContext, file: Path, folders: list[Path], name: str) -> str:
    return rename_diff(diagnostic.folder, str(file), str(_home(diagnostic, folders) / name))


def _beside(diagnostic: DiagnosticContext, name: str, folders: list[Path]) -> Advice | None:
    """The file is beside the program, or in its static folder."""
    root = Path(diagnostic.app.root_path).resolve()
    places = [root, *([Path(diagnostic.app.static_folder)] if diagnostic.app.static_folder else [])]
    found = next((place / name for place in places if (place / name).is_file()), None)
    if found is None:
        return None
    home = _home(diagnostic, folders)
    return Advice(
        what=_what(repr(name), folders, f"; it is in {found.parent}."),
        why="Only the template folder is searched.",
        place=diagnostic.last_place,
        fix=f"Move {found} to {home / name}.",
        diff=_move(diagnostic, found, folders, name),
        facts=_facts(folders),
    )


def _near(diagnostic: DiagnosticContext, name: str, folders: list[Path]) -> Advice | None:
    known = [file for folder in folders for file in _files_in(folder)]
    place = diagnostic.last_place
    if place is not None:  # a template that extends or includes itself never ends
        known = [file for file in known if not place.file.endswith(f"/{file}")]
    same_end = [file for file in known if os.path.basename(file) == os.path.basename(name)]
    # An extension that most files have makes no two names similar.
    lowered = {os.path.splitext(file.lower())[0]: file for file in reversed(known)}
    stem = os.path.splitext(name.lower())[0]
    close = difflib.get_close_matches(stem, list(lowered), n=1, cutoff=0.7)
    if not close and not same_end:
        return None
    meant = same_end[0] if same_end else lowered[close[0]]
    return Advice(
        what=_what(repr(name), folders, f"; did you mean {meant!r}?"),
        why=_why(folders),
        place=place,
        fix=f"Write {meant!r}, or rename the file.",
        diff=_name_diff(diagnostic, name, meant),
        facts=_facts(folders),
    )


def _name_diff(diagnostic: DiagnosticContext, name: str, meant: str) -> str:
    line = diagnostic.last_line
    if line is None:
        return ""
    edit = FileEdit(line.file)
    source = source_at(line)
    if source is None:  # a template that includes or extends another
        text = edit.lines[line.line - 1]
        edit.replace(
            edit.offset(line.line), edit.offset(line.line + 1), text.replace(name, meant, 1)
        )
        return diff_of(diagnostic.folder, edit)
    for node in ast.walk(source.tree):
        is_near = isinstance(node, ast.Constant) and abs(node.lineno - line.line) <= 1
        if is_near and isinstance(node, ast.Constant) and text_in(node) == name:
            edit.replace_node(node, quote_like(edit.source(node), meant))
            return diff_of(diagnostic.folder, edit)
    return ""
