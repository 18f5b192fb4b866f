"""``retort shell``: a Python prompt in an app context, that of IPython if it is installed."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from ..globals import current_app
from .script_info import with_appcontext

if TYPE_CHECKING:
    from ..app import Flask


@click.command("shell", short_help="Open a Python prompt in an app context.")
@click.option(
    "--prompt",
    type=click.Choice(["ipython", "python"]),
    help="Open this prompt (default: ipython if it is installed and the input is a terminal).",
)
@with_appcontext
def shell_command(prompt: str | None) -> None:
    """Open a Python prompt in the application's context.

    The values returned by the shell context processors are variables there.
    """
    start_ipython = _find_ipython(prompt)
    names: dict[str, Any] = {}
    _run_startup_file(names)
    names.update(current_app.make_shell_context())
    if start_ipython is None:
        _interact(names)
    else:
        start_ipython(argv=_ipython_options(), user_ns=names)


def _find_ipython(prompt: str | None) -> Any:
    """The function that starts IPython; ``None`` for Python's own prompt.

    :param prompt: the prompt that the user has chosen, if any.
    :raises click.UsageError: if it is IPython, which cannot be imported.
    """
    is_chosen = prompt == "ipython"
    if not is_chosen and (prompt == "python" or not _is_terminal()):
        return None
    if importlib.util.find_spec("IPython") is None:
        if is_chosen:
            raise click.UsageError(f"IPython is not installed: pip install ipython. {_OR_PYTHON}")
        return None
    try:
        return importlib.import_module("IPython").start_ipython
    except Exception as error:  # also of packages that IPython imports
        problem = f"IPython cannot be imported: {type(error).__name__}: {error}."
        if is_chosen:
            raise click.UsageError(f"{problem} {_OR_PYTHON}") from error
        click.echo(f"{problem} This is Python's own prompt.", err=True)
        return None


_OR_PYTHON = "Python's own prompt is --prompt python."


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _ipython_options() -> list[str]:
    """The banner; and no startup file, since the names of the program have precedence over it."""
    return [
        f"--TerminalInteractiveShell.banner1={_banner(current_app)}\n",
        "--TerminalIPythonApp.exec_PYTHONSTARTUP=False",
    ]


def _interact(names: dict[str, Any]) -> None:
    """Open Python's own prompt, with completion."""
    import code  # imported here: all commands import this file

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
