"""``retort check``: read the program and its HTML, and say what is wrong.

What is looked for, and how, is in `checks`.
"""

from __future__ import annotations

import click

from .checks import ERROR, RULES, as_json, as_text, check, count
from .options import app_option, debug_option, env_file_option
from .script_info import ScriptInfo, pass_script_info

_HELP = """Read an application and its HTML, and report what cannot work or is not safe.

TARGET names the application, as for 'retort run'. It is imported, but not served, and no view
is called. Every finding has its file, its line and what to change. What cannot be known from
the text, such as a form that a script sends, is passed over.

\b
{rules}

The exit status is 1 if there was an error, and 0 if there were warnings only.
"""


def _rules() -> str:
    ordered = sorted(RULES.items(), key=lambda rule: rule[1][0])
    return "\n".join(f"{level:8} {name:17} {about}" for name, (level, about) in ordered)


@click.command(
    "check",
    short_help="Find mistakes in routes, views and forms.",
    help=_HELP.format(rules=_rules()),
)
@click.argument("target", required=False)
@click.option("--json", "is_json", is_flag=True, help="Print the findings as JSON.")
@pass_script_info
@click.pass_context
def check_command(
    ctx: click.Context, info: ScriptInfo, /, target: str | None, is_json: bool
) -> None:
    """Report what is wrong with an application."""
    if target is not None:
        info.app_import_path = target
    app = info.load_app()
    with app.app_context():
        findings = check(app)
    click.echo(as_json(findings) if is_json else as_text(findings))
    ctx.exit(1 if count(findings, ERROR) else 0)


# The group takes these options as well; here they can be given after the command's name.
check_command.params[1:1] = [app_option, env_file_option, debug_option]
