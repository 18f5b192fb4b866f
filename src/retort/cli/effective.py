"""The effective values of omitted options of ``retort run``, and their sources.

Some options default to another option, and a limit may be set in the program's config.
``retort check --deploy`` shows them.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from ..helpers import get_debug_flag
from ..server.limits import LIMITS, config_of, key_of
from ..server.options import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_LIMITS = {field.name: field.default for field in fields(Limits)}


def effective_value(
    name: str, options: Mapping[str, Any], program: object, *, debug_source: str
) -> tuple[object, str]:
    """Value and source of an omitted option, or ``None``.

    :param options: all options, by name.
    :param debug_source: the source of debug mode, on or off.
    """
    if name == "keep_alive":
        return idle_limit_of(program, options["header_timeout"])
    if name in LIMITS:
        return limit_of(name, program)
    if name in ("reload", "debugger"):
        return get_debug_flag(), debug_source
    if name == "http":
        return ("1" if options["cert"] is None else "auto"), "default"
    if name == "client_cert" and options["client_ca"]:
        return "required", "default"
    return None, "default"


def idle_limit_of(program: object, header_timeout: float | None) -> tuple[object, str]:
    """The limit for idle connections: the program's, or the header timeout."""
    own = limit_of("keep_alive", program)
    if own[0] is not None:
        return own
    if header_timeout is not None:
        return header_timeout, "as --header-timeout"
    return limit_of("header_timeout", program)


def limit_of(name: str, program: object) -> tuple[object, str]:
    """A limit without an option: the program's, also if it is ``None``, or the default."""
    limit, key = LIMITS[name], key_of(name)
    value = config_of(program).get(key)
    if value is None:
        return _DEFAULT_LIMITS[limit.field], "default"
    try:
        return limit.read(value), f"config {key}"
    except ValueError:
        return value, f"config {key}"
