"""``retort routes``: the application's rules as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from ..globals import current_app
from .script_info import with_appcontext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from werkzeug.routing import Map, Rule

_IMPLIED = frozenset({"HEAD", "OPTIONS"})  # answered without being asked for


class Row(NamedTuple):
    """One line of the table."""

    endpoint: str
    methods: str
    domain: str
    rule: str


_ORDERS: dict[str, Callable[[Row], str]] = {
    "endpoint": lambda row: row.endpoint,
    "methods": lambda row: row.methods,
    "domain": lambda row: row.domain,
    "rule": lambda row: row.rule,
    "match": lambda row: "",  # as they are
}


@click.command("routes", short_help="Show the routes of the application.")
@click.option(
    "--sort",
    "-s",
    type=click.Choice(list(_ORDERS)),
    default="endpoint",
    help="Order of the lines; 'match' is the order in which rules are tried.",
)
@click.option("--all-methods", is_flag=True, help="Show HEAD and OPTIONS as well.")
@with_appcontext
def routes_command(sort: str, all_methods: bool) -> None:
    """Show every route with its endpoint and methods."""
    for line in route_lines(current_app.url_map, sort, all_methods):
        click.echo(line)


def route_lines(url_map: Map, sort: str = "endpoint", all_methods: bool = False) -> list[str]:
    """The table as lines of text.

    :param sort: ``endpoint``, ``methods``, ``domain``, ``rule`` or ``match``.
    """
    hidden = frozenset() if all_methods else _IMPLIED
    rows = [_row(rule, url_map.host_matching, hidden) for rule in url_map.iter_rules()]
    if not rows:
        return ["No routes were registered."]
    rows.sort(key=_ORDERS[sort])
    headings = _headings(url_map, any(row.domain for row in rows))
    return _table(headings, rows)


def _row(rule: Rule, host_matching: bool, hidden: frozenset[str]) -> Row:
    domain = rule.host if host_matching else rule.subdomain
    methods = sorted((rule.methods or set()) - hidden)
    return Row(str(rule.endpoint), ", ".join(methods), domain or "", rule.rule)


def _headings(url_map: Map, has_domains: bool) -> dict[str, str]:
    """The columns to show, each with its heading."""
    headings = {"endpoint": "Endpoint", "methods": "Methods"}
    if url_map.host_matching:
        headings["domain"] = "Host"
    elif has_domains:
        headings["domain"] = "Subdomain"
    return {**headings, "rule": "Rule"}


def _table(headings: dict[str, str], rows: Iterable[Row]) -> list[str]:
    columns = [
        [heading, *(getattr(row, name) for row in rows)] for name, heading in headings.items()
    ]
    widths = [max(map(len, column)) for column in columns]
    for column, width in zip(columns, widths, strict=True):
        column.insert(1, "-" * width)
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        for cells in zip(*columns, strict=True)
    ]
