"""Advice on a session without a key to sign its cookie."""

from __future__ import annotations

import secrets

from .diagnostic import DiagnosticContext, advisor, new_setting_diff
from .record import Advice

_MESSAGE = "The session is unavailable: the app has no secret key"


@advisor
def no_secret_key(diagnostic: DiagnosticContext) -> Advice | None:
    """Create a key for the program."""
    error, line = diagnostic.error, diagnostic.last_line
    if not isinstance(error, RuntimeError) or not str(error).startswith(_MESSAGE):
        return None
    if diagnostic.app is None or line is None:
        return None
    return Advice(
        what=(
            f"{line.function}() writes into the session, but the program has no SECRET_KEY to sign"
            " its cookie with."
        ),
        why=(
            "The session is stored in a cookie. The key signs it, so that only this program can"
            " change it. The key is random and must be kept: a new key logs all users out.\n\n"
            "In production, set it in the environment: app.config.from_prefixed_env() reads"
            " FLASK_SECRET_KEY."
        ),
        place=diagnostic.last_place,
        fix="Set a key; this one was generated just now.",
        diff=new_setting_diff(diagnostic, "SECRET_KEY", repr(secrets.token_hex())),
    )
