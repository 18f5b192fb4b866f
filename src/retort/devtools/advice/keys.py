"""A session in a program that has no key to sign its cookie with."""

from __future__ import annotations

import secrets

from .diagnostic import DiagnosticContext, advisor, new_setting_diff
from .record import Advice

_MESSAGE = "The session is unavailable: the app has no secret key"


@advisor
def no_secret_key(diagnostic: DiagnosticContext) -> Advice | None:
    """Make a key for the program."""
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
            "The session travels in a cookie. The key lets nobody but this program change it, so"
            " it is made by chance, and kept: with another one everybody is logged out.\n\n"
            "In production take it from the environment: app.config.from_prefixed_env() reads"
            " FLASK_SECRET_KEY."
        ),
        place=diagnostic.last_place,
        fix="Give the program a key; this one was made just now, for you.",
        diff=new_setting_diff(diagnostic, "SECRET_KEY", repr(secrets.token_hex())),
    )
