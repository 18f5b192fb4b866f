"""Rule: uploads and other files that requests write to the disk of one machine."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING

from ....globals import request
from ..findings import Finding
from .places import argument

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .names import Names
    from .reach import Reached

_WRITING, _MODES = frozenset("wax+"), frozenset("rwaxbt+")
_PATH_METHODS = frozenset({"write_text", "write_bytes"})
_COPIES = ("copy", "copy2", "copyfile", "copytree", "move")
_DEPTH = 4  # of names that are followed
_FIX = (
    "Store it in an object store that all replicas share, such as S3 or MinIO (boto3:"
    " client.upload_fileobj({what}, bucket, key)), or in the database; a folder works only on a"
    " volume that all replicas mount."
)


def check_files(reached: Sequence[Reached]) -> Iterator[Finding]:
    """Report files that functions write for requests."""
    seen: set[int] = set()
    for one in reached:
        if id(one.code.node) in seen:
            continue
        seen.add(id(one.code.node))
        texts = _Texts(one.names, reached)
        for node in ast.walk(one.code.node):
            if isinstance(node, ast.Call):
                yield from _written(one, texts, node)


def _written(one: Reached, texts: _Texts, node: ast.Call) -> Iterator[Finding]:
    what = f"{one.code.node.name}()"
    if texts.is_upload(node):
        yield Finding(
            one.code.path,
            node.lineno,
            "upload-folder",
            f"{what} saves an upload to the disk of one machine. The other replicas do not have the"
            " file: a visitor sees it, and then 404; a container loses it with each new version.",
            _FIX.format(what=ast.unparse(node.func)[: -len(".save")]),
        )
    elif texts.is_written(node):
        yield Finding(
            one.code.path,
            node.lineno,
            "written-file",
            f"{what} writes a file on the disk of one machine. The other replicas do not have it,"
            " or another content: a visitor sees one and the other.",
            _FIX.format(what="file"),
        )


class _Texts:
    """What the expressions in a function come from, through its local names."""

    def __init__(self, names: Names, reached: Sequence[Reached]) -> None:
        self.names = names
        self.reached = reached

    def is_upload(self, node: ast.Call) -> bool:
        """``request.files["file"].save(path)``, ``form.photo.data.save(path)``."""
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr != "save" or not node.args:
            return False
        owner = function.value
        is_field = isinstance(owner, ast.Attribute) and owner.attr == "data"
        is_file = is_field or self.comes_from_request(owner, _DEPTH)
        return is_file and not self.is_temporary(node.args[0], _DEPTH)

    def is_written(self, node: ast.Call) -> bool:
        """``open(path, "w")``, ``path.write_text(...)``, ``shutil.copy(source, path)``."""
        path = self._written_path(node)
        return path is not None and not self.is_temporary(path, _DEPTH)

    def _written_path(self, node: ast.Call) -> ast.expr | None:
        function = node.func
        called = self.names.object(function)
        module = str(getattr(called, "__module__", ""))
        name = getattr(called, "__name__", "")
        if name == "open" and module in ("io", "_io", "builtins", "codecs", "gzip", "bz2", "lzma"):
            return argument(node, 0, "file", "filename") if _writes(node, 1) else None
        if module == "shutil" and name in _COPIES:
            return argument(node, 1, "dst")
        if not isinstance(function, ast.Attribute):
            return None
        if function.attr in _PATH_METHODS or (function.attr == "open" and _writes(node, 0)):
            return function.value
        is_image = function.attr == "save" and self._is_image(function.value, _DEPTH)
        return argument(node, 0, "fp") if is_image else None

    def comes_from_request(self, node: ast.expr, depth: int) -> bool:
        """Whether an expression is one of the request's files."""
        for each in ast.walk(node):
            is_files = isinstance(each, ast.Attribute) and each.attr == "files"
            if is_files and self.names.object(each.value) is request:  # type: ignore[attr-defined]
                return True
        if isinstance(node, ast.Name) and self._is_parameter(node.id):
            return depth > 0 and self._is_passed_upload(node.id)
        return depth > 0 and any(
            self.comes_from_request(value, depth - 1) for value in self._behind(node)
        )

    def is_temporary(self, node: ast.expr, depth: int) -> bool:
        """Whether an expression is in memory, in a folder of `tempfile`, or no file at all."""
        for each in ast.walk(node):
            if str(getattr(each, "value", "")).startswith("/dev/"):
                return True
            if isinstance(each, ast.Attribute) and each.attr == "devnull":
                return True
            called = self.names.object(each.func) if isinstance(each, ast.Call) else None
            module = str(getattr(called, "__module__", ""))
            if module == "tempfile" or getattr(called, "__name__", "") in ("BytesIO", "StringIO"):
                return True
        return depth > 0 and any(
            self.is_temporary(value, depth - 1) for value in self._behind(node)
        )

    def _is_image(self, node: ast.expr, depth: int) -> bool:
        for each in ast.walk(node):
            called = self.names.object(each.func) if isinstance(each, ast.Call) else None
            if str(getattr(called, "__module__", "")).startswith("PIL."):
                return True
        return depth > 0 and any(self._is_image(value, depth - 1) for value in self._behind(node))

    def _behind(self, node: ast.expr) -> Iterator[ast.expr]:
        """The values of the local names in an expression."""
        for each in ast.walk(node):
            if isinstance(each, ast.Name):
                yield from self._assigned.get(each.id, ())

    @cached_property
    def _assigned(self) -> dict[str, list[ast.expr]]:
        found: dict[str, list[ast.expr]] = {}
        for node in ast.walk(self.names.code.node):
            for target, value in _targets(node):
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(value)
        return found

    def _is_parameter(self, name: str) -> bool:
        arguments = self.names.code.node.args
        return any(one.arg == name for one in (*arguments.args, *arguments.kwonlyargs))

    def _is_passed_upload(self, name: str) -> bool:
        """Whether a caller passes one of the request's files for a parameter."""
        function = self.names.code.function
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        position = names.index(name) if name in names else len(names)
        for one in self.reached:
            for node in ast.walk(one.code.node):
                if not isinstance(node, ast.Call) or one.names.object(node.func) is not function:
                    continue
                passed = argument(node, position, name)
                if passed is not None and one.code.node is not self.names.code.node:
                    return _Texts(one.names, ()).comes_from_request(passed, 1)
        return False


def _targets(node: ast.AST) -> Iterator[tuple[ast.expr | None, ast.expr]]:
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        yield node.target, node.iter
    elif isinstance(node, ast.withitem):
        yield node.optional_vars, node.context_expr


def _writes(node: ast.Call, position: int) -> bool:
    mode = argument(node, position, "mode")
    text = mode.value if isinstance(mode, ast.Constant) else ""
    return isinstance(text, str) and set(text) <= _MODES and not _WRITING.isdisjoint(text)
