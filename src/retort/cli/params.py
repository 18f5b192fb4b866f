"""Click parameter types for ``run``: certificates and lists of paths."""

from __future__ import annotations

import os
import ssl
from typing import Any

import click


class SeparatedPathType(click.Path):
    """Several paths, separated by ``:`` (``;`` on Windows)."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        convert_one = super().convert
        return [convert_one(path, param, ctx) for path in self.split_envvar_value(value)]


class CertParamType(click.ParamType):  # type: ignore[type-arg]  # generic only in click 8.5
    """A certificate file, ``adhoc`` for a temporary one, or the name of an ``SSLContext``."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        if value.lower() == "adhoc":
            return self._adhoc(param, ctx)
        if os.path.isfile(value):
            return os.path.realpath(value)
        found = _imported(value)
        if isinstance(found, ssl.SSLContext):
            return found
        return self.fail(
            f"{value!r} is neither a certificate file nor the name of an SSLContext."
            " Pass the path of a PEM file, or 'adhoc' to try HTTPS.",
            param,
            ctx,
        )

    def _adhoc(self, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            import cryptography  # noqa: F401
        except ImportError:
            self.fail(
                "'adhoc' creates its certificate with the package cryptography, which is"
                " not installed: pip install cryptography",
                param,
                ctx,
            )
        return "adhoc"


def check_key(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Check that ``--key`` is given if, and only if, ``--cert`` requires it.

    :raises click.BadParameter: otherwise.
    """
    cert = ctx.params.get("cert")
    problem = _key_problem(cert, value)
    if problem:
        raise click.BadParameter(problem, ctx, param)
    if value:
        ctx.params["cert"] = (cert, value)  # as in Flask: the pair, under the name of cert
    return value


def _key_problem(cert: object, key: str | None) -> str | None:
    """The error in this pair, if any."""
    if cert is None:
        return "it requires a certificate: pass --cert as well." if key else None
    if isinstance(cert, ssl.SSLContext):
        return "an SSLContext has its own key: omit --key." if key else None
    if cert == "adhoc":
        return "'adhoc' creates its own key: omit --key." if key else None
    return None if key else "required with --cert: pass the file of its private key."


def _imported(name: str) -> Any:
    from werkzeug.utils import import_string

    return import_string(name, silent=True)
