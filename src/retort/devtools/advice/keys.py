"""Advice on a session without a key to sign its cookie."""

from __future__ import annotations

import ast
import os
import secrets

from ...sessions import SecureCookieSessionInterface
from ..checks.source import text_in
from .diagnostic import DiagnosticContext, new_setting_diff
from .record import Advice

_MESSAGE = "The session is unavailable: the app has no secret key"


def no_secret_key(diagnostic: DiagnosticContext) -> Advice | None:
    """Create a key for the program."""
    error, line = diagnostic.error, diagnostic.last_line
    if not isinstance(error, RuntimeError) or not str(error).startswith(_MESSAGE):
        return None
    app = diagnostic.app
    if app is None or line is None or app.secret_key:
        return None
    if not isinstance(app.session_interface, SecureCookieSessionInterface):
        return None
    name = f"{line.function}()" if line.file.endswith(".py") else os.path.basename(line.file)
    given = _assigned_at(diagnostic)
    return Advice(
        what=(
            f"{name} writes into the session, but the program has no SECRET_KEY to sign its cookie"
            " with."
        ),
        why=(
            "The session is stored in a cookie. The key signs it, so that only this program can"
            " change it. The key is random and must be kept: a new key logs all users out.\n\n"
            "In production, set it in the environment: app.config.from_prefixed_env() reads"
            " FLASK_SECRET_KEY."
        ),
        place=diagnostic.last_place,
        fix=(
            f"Set a key that is not empty: the one of {given} has no value."
            if given
            else "Set a key; this one was generated just now."
        ),
        diff=(
            "" if given else new_setting_diff(diagnostic, "SECRET_KEY", repr(secrets.token_hex()))
        ),
    )


def _assigned_at(diagnostic: DiagnosticContext) -> str:
    """Where the program assigns a key, which would overwrite another one."""
    for source in diagnostic.program.sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Assign) and any(map(_is_key, node.targets)):
                return f"{os.path.basename(source.path)}:{node.lineno}"
    return ""


def _is_key(target: ast.expr) -> bool:
    if isinstance(target, ast.Attribute):
        return target.attr == "secret_key"
    return isinstance(target, ast.Subscript) and text_in(target.slice) == "SECRET_KEY"
