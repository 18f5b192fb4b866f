"""``retort routes``: the application's rules as a table, or what runs for one endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from ..globals import find_app
from .script_info import with_appcontext
from .table import table_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.routing import Map, Rule

_IMPLIED = frozenset({"HEAD", "OPTIONS"})  # added automatically


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
    "match": lambda row: "",  # unchanged order
}


@click.command("routes", short_help="Show the routes of the application.")
@click.option(
    "--sort",
    "-s",
    type=click.Choice(list(_ORDERS)),
    default="endpoint",
    help="Sort the lines in this order; 'match' is the order in which rules are tried.",
)
@click.option("--all-methods", is_flag=True, help="Show HEAD and OPTIONS as well.")
@click.option("--plan", "endpoint", metavar="ENDPOINT", help="Show what runs for an endpoint.")
@click.option("--method", help="With --plan, show the steps for this method only.")
@with_appcontext
def routes_command(sort: str, all_methods: bool, endpoint: str | None, method: str | None) -> None:
    """Show every route with its endpoint and methods, or what runs for one endpoint."""
    if endpoint is not None:
        from .plan import plan_lines

        lines = plan_lines(find_app(), endpoint, method)
    elif method is not None:
        raise click.UsageError("--method goes with --plan ENDPOINT.")
    else:
        lines = route_lines(find_app().url_map, sort, all_methods)
    for line in lines:
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
    cells = [[getattr(row, name) for name in headings] for row in rows]
    return table_lines([*headings.values()], cells)


def _row(rule: Rule, host_matching: bool, hidden: frozenset[str]) -> Row:
    domain = rule.host if host_matching else rule.subdomain
    methods = ["WebSocket"] if rule.websocket else sorted((rule.methods or set()) - hidden)
    return Row(str(rule.endpoint), ", ".join(methods), domain or "", rule.rule)


def _headings(url_map: Map, has_domains: bool) -> dict[str, str]:
    """The columns to show, each with its heading."""
    headings = {"endpoint": "Endpoint", "methods": "Methods"}
    if url_map.host_matching:
        headings["domain"] = "Host"
    elif has_domains:
        headings["domain"] = "Subdomain"
    return {**headings, "rule": "Rule"}
