"""``retort shell``: the Python prompt in an app context."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from ..globals import current_app
from .script_info import with_appcontext

if TYPE_CHECKING:
    from ..app import Flask


@click.command("shell", short_help="Open a Python prompt in an app context.")
@with_appcontext
def shell_command() -> None:
    """Open a Python prompt in the application's context.

    The values returned by the shell context processors are variables there.
    """
    import code  # imported here: all commands import this file

    names: dict[str, Any] = {}
    _run_startup_file(names)
    names.update(current_app.make_shell_context())
    _offer_completion(names)
    code.interact(banner=_banner(current_app), local=names)


def _banner(app: Flask) -> str:
    return (
        f"Python {sys.version} on {sys.platform}\n"
        f"App: {app.import_name}\n"
        f"Instance: {app.instance_path}"
    )


def _run_startup_file(names: dict[str, Any]) -> None:
    """Run ``PYTHONSTARTUP``, as the Python prompt does."""
    file = os.environ.get("PYTHONSTARTUP")
    if file and os.path.isfile(file):
        with open(file, "rb") as source:
            exec(compile(source.read(), file, "exec", dont_inherit=True), names)


def _offer_completion(names: dict[str, Any]) -> None:
    """Complete the names of this prompt, if readline supports it."""
    set_up_prompt = getattr(sys, "__interactivehook__", None)
    if set_up_prompt is None:  # python -S, or an embedded interpreter
        return
    set_up_prompt()
    try:
        import readline
        from rlcompleter import Completer
    except ImportError:
        return
    readline.set_completer(Completer(names).complete)
