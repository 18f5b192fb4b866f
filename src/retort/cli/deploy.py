"""``retort check --deploy``: the settings a program would be served with, and their risks.

Nothing is served. The settings are those of ``retort run``, from its options and variables, and
those of the program's config, each with its source. `deploy_rules.py` finds the risks.
"""

from __future__ import annotations

import json
import os
import textwrap
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ..helpers import get_debug_flag
from .deploy_rules import ERROR, EffectiveSettings, risks_of
from .effective import effective_value
from .run import run_command
from .script_info import ScriptInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..app import Flask
    from .deploy_rules import Risk

DEFAULT = "default"  # the source of a setting that nothing sets

_SECRET = frozenset({"SECRET_KEY", "SECRET_KEY_FALLBACKS"})


@dataclass(frozen=True)
class Setting:
    """An effective setting.

    :param name: an option of ``retort run``, or a key of the config.
    :param source: `DEFAULT`, ``program``, or the option, variable or config key that sets it.
    """

    name: str
    value: str
    source: str


def check_deployment(
    ctx: click.Context,
    arguments: Sequence[str],
    target: str | None,
    *,
    is_json: bool,
    shows_all: bool,
) -> int:
    """Print risks and settings.

    :param arguments: command-line options as for ``retort run``.
    :param is_json: print one JSON object, which always has all settings.
    :param shows_all: print also the settings that have their default.
    :returns: the exit status: 1 if a risk is an error.
    """
    run_context = run_command.make_context(
        "run",
        [*([target] if target else []), *arguments],
        parent=ctx,
        auto_envvar_prefix="FLASK_RUN",
    )
    info = ctx.ensure_object(ScriptInfo)
    if run_context.params["target"]:
        info.app_import_path = run_context.params["target"]
    app = info.load_app()
    files = info.variables_from_files
    settings = [
        *server_settings(app, run_context, files),
        *config_settings(app, files, debug_source(run_context, files)),
    ]
    risks = risks_of(EffectiveSettings(app, run_context.params))
    errors = sum(risk.level == ERROR for risk in risks)
    if is_json:
        click.echo(as_json(settings, risks))
    else:
        click.echo(as_text(settings, risks, shows_all=shows_all))
    return 1 if errors else 0


def server_settings(
    app: Flask, run_context: click.Context, from_files: Mapping[str, str]
) -> Iterator[Setting]:
    """The effective options of ``retort run``."""
    debug_origin = debug_source(run_context, from_files)
    yield Setting("--debug", str(get_debug_flag()), debug_origin)
    for param in run_context.command.params:
        if not isinstance(param, click.Option) or not param.expose_value:
            continue
        name = str(param.name)
        option = next(word for word in param.opts if word.startswith("--"))
        value = run_context.params.get(name)
        word = param.secondary_opts[0] if value is False and param.secondary_opts else option
        origin = _origin(run_context, name, word, from_files)
        if value is None:
            value, origin = effective_value(
                name, run_context.params, app, debug_source=debug_origin
            )
        if name == "threads" and not run_context.params["with_threads"]:
            value, origin = 1, _origin(run_context, "with_threads", "--without-threads", from_files)
        yield Setting(option, f"{value:o}" if name == "unix_mode" else _shown(value), origin)


def debug_source(run_context: click.Context, from_files: Mapping[str, str]) -> str:
    """The source of debug mode, on or off; the option may also precede the command."""
    contexts: list[click.Context | None] = [
        run_context,
        run_context.parent,
        run_context.parent and run_context.parent.parent,
    ]
    for context in contexts:
        if context and context.get_parameter_source("debug") is ParameterSource.COMMANDLINE:
            return "option --debug"
    return _variable("FLASK_DEBUG", from_files) if "FLASK_DEBUG" in os.environ else DEFAULT


def _origin(
    run_context: click.Context, name: str, option: str, from_files: Mapping[str, str]
) -> str:
    source = run_context.get_parameter_source(name)
    if source is ParameterSource.COMMANDLINE:
        return f"option {option}"
    if source is ParameterSource.ENVIRONMENT:
        return _variable(f"{run_context.auto_envvar_prefix}_{name.upper()}", from_files)
    return DEFAULT


def config_settings(
    app: Flask, from_files: Mapping[str, str], debug_origin: str
) -> Iterator[Setting]:
    """The config keys defined by Retort. Those of the program may hold secrets."""
    for key, default in sorted(app.default_config.items()):
        value = app.config.get(key)
        shown = hidden(value) if key in _SECRET else _shown(value)
        if key == "DEBUG" and value == get_debug_flag():
            yield Setting(key, shown, debug_origin)
        else:
            yield Setting(key, shown, _config_source(key, value, default, from_files))


def _config_source(key: str, value: Any, default: Any, from_files: Mapping[str, str]) -> str:
    variable = f"FLASK_{key}"
    if variable in os.environ and _is_read_from(os.environ[variable], value):
        return _variable(variable, from_files)
    return DEFAULT if value == default and type(value) is type(default) else "program"


def _is_read_from(text: str, value: Any) -> bool:
    """Whether ``Config.from_prefixed_env`` parses the text to this value."""
    try:
        read: Any = json.loads(text)
    except ValueError:
        read = text
    return bool(read == value)


def _variable(name: str, from_files: Mapping[str, str]) -> str:
    is_from_file = name in from_files and os.environ.get(name) == from_files[name]
    return f"variable {name}{' (.env file)' if is_from_file else ''}"


def hidden(value: Any) -> str:
    """The displayed text for a secret, or for several."""
    if not value:
        return _shown(value)
    if isinstance(value, (list, tuple)):
        return f"{len(value)} (hidden)"
    return f"{len(value)} characters (hidden)" if isinstance(value, (str, bytes)) else "(hidden)"


def _shown(value: Any) -> str:
    return "-" if value is None or value == () else str(value)


def as_json(settings: Sequence[Setting], risks: Sequence[Risk]) -> str:
    """Settings and findings as one JSON object."""
    errors = sum(risk.level == ERROR for risk in risks)
    content = {
        "settings": [asdict(setting) for setting in settings],
        "findings": [asdict(risk) for risk in risks],
        "errors": errors,
        "warnings": len(risks) - errors,
    }
    return json.dumps(content, indent=2)


def as_text(settings: Sequence[Setting], risks: Sequence[Risk], *, shows_all: bool) -> str:
    """A paragraph for each risk, their number, and a table of the settings."""
    shown = [setting for setting in settings if shows_all or setting.source != DEFAULT]
    parts = [*map(_paragraph, risks), _summary(risks)]
    if shown:
        heading = "Settings:" if shows_all else "Settings that are not the default:"
        parts.append(f"{heading}\n{_table(shown)}")
    omitted = len(settings) - len(shown)
    if omitted:
        parts.append(f"Settings with their default: {omitted}. Show them with --all.")
    return "\n\n".join(parts)


def _table(settings: Sequence[Setting]) -> str:
    name_width = max(len(setting.name) for setting in settings)
    value_width = min(max(len(setting.value) for setting in settings), 36)
    return "\n".join(
        f"  {setting.name:{name_width}}  {setting.value:{value_width}}  {setting.source}".rstrip()
        for setting in settings
    )


def _paragraph(risk: Risk) -> str:
    text = [risk.message, f"Fix: {risk.fix}"]
    wrapped = [
        textwrap.fill(
            line,
            96,
            initial_indent="    ",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text
    ]
    return "\n".join([f"  {risk.level} ({risk.rule})", *wrapped])


def _summary(risks: Sequence[Risk]) -> str:
    if not risks:
        return "Nothing unsafe found."
    errors = sum(risk.level == ERROR for risk in risks)
    return f"Errors: {errors}. Warnings: {len(risks) - errors}."
