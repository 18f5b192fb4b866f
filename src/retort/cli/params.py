"""Kinds of values for the options of ``run``: certificates and lists of paths."""

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
    """A certificate file, ``adhoc`` for a throw-away one, or the name of an ``SSLContext``."""

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
            " Give the path of a PEM file, or 'adhoc' to try HTTPS out.",
            param,
            ctx,
        )

    def _adhoc(self, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            import cryptography  # noqa: F401
        except ImportError:
            self.fail(
                "'adhoc' makes its certificate with the package cryptography, which is"
                " not installed: pip install cryptography",
                param,
                ctx,
            )
        return "adhoc"


def check_key(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """See that ``--key`` is there if, and only if, ``--cert`` needs one.

    :raises click.BadParameter: otherwise.
    """
    cert = ctx.params.get("cert")
    problem = _key_problem(cert, value)
    if problem:
        raise click.BadParameter(problem, ctx, param)
    if value:
        ctx.params["cert"] = (cert, value)  # as Flask: the pair, under the name of cert
    return value


def _key_problem(cert: object, key: str | None) -> str | None:
    """What is wrong with this pair, if anything."""
    if cert is None:
        return "it belongs to a certificate: give --cert as well." if key else None
    if isinstance(cert, ssl.SSLContext):
        return "an SSLContext has its own key: leave --key out." if key else None
    if cert == "adhoc":
        return "'adhoc' makes its own key: leave --key out." if key else None
    return None if key else "required with --cert: give the file of its private key."


def _imported(name: str) -> Any:
    from werkzeug.utils import import_string

    return import_string(name, silent=True)
