"""``retort openapi diff``: what changed between two OpenAPI documents, and what breaks clients.

The comparison is in `extensions.openapi.diff`.
"""

from __future__ import annotations

import click

_HELP = """List what changed between two OpenAPI documents.

OLD and NEW are files of OpenAPI 3.0, 3.1 or 3.2, as JSON, or as YAML where PyYAML is installed.
One of them may be '-': standard input. No application is loaded.

\b
breaking  clients that work with OLD fail with NEW
risky     the documents do not show whether they fail
fine      clients work as before

The exit status is 1 if a change is breaking, 2 if a document cannot be read, else 0.
"""

_VERDICTS = ["breaking", "risky", "fine"]


@click.command("diff", help=_HELP, short_help="List changes that break clients.")
@click.argument("old", type=click.Path())  # completes file names
@click.argument("new", type=click.Path())
@click.option(
    "--fail-on",
    type=click.Choice(_VERDICTS),
    default="breaking",
    show_default=True,
    help="Exit with 1 if there is a change with this verdict or a worse one.",
)
@click.option("--all", "shows_all", is_flag=True, help="List changes of titles and descriptions.")
@click.option("--json", "is_json", is_flag=True, help="Print the changes as JSON.")
@click.pass_context
def diff_command(
    ctx: click.Context, /, old: str, new: str, fail_on: str, shows_all: bool, is_json: bool
) -> None:
    """Compare the documents and print the changes."""
    if old == new == "-":
        raise click.UsageError("Standard input is one document: name a file for the other.")
    from ..extensions.openapi import diff

    try:
        changes = diff.compare(diff.load(old), diff.load(new))
    except diff.DocumentError as error:
        click.echo(f"Error: {error}", err=True)
        ctx.exit(2)
    shown = [change for change in changes if diff.is_shown(change, shows_all=shows_all)]
    names = ["standard input" if name == "-" else name for name in (old, new)]
    click.echo((diff.as_json if is_json else diff.as_text)(shown, *names))
    failing = _VERDICTS[: _VERDICTS.index(fail_on) + 1]
    ctx.exit(1 if any(change.verdict.value in failing for change in shown) else 0)
