"""The table of routes."""

import pytest

import retort
from retort.cli import routes_command


@pytest.fixture
def shop():
    app = retort.Flask("shop", static_folder=None)
    view = lambda **values: ""  # noqa: E731
    app.add_url_rule("/zoo/<int:id>", "yard", view, methods=["GET", "POST"])
    app.add_url_rule("/", "index", view)
    app.add_url_rule("/add", "add", view, methods=["POST"])
    return app


def table(app, *args):
    result = app.test_cli_runner().invoke(routes_command, args)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def column(app, name, *args):
    lines = table(app, *args)
    start = lines[0].index(name)
    return [line[start:].split()[0] for line in lines[2:]]


def test_the_table_has_a_line_for_each_route(shop):
    assert table(shop) == [
        "Endpoint  Methods    Rule         ",
        "--------  ---------  -------------",
        "add       POST       /add         ",
        "index     GET        /            ",
        "yard      GET, POST  /zoo/<int:id>",
    ]


def test_methods_that_are_implied_are_shown_on_request(shop):
    assert table(shop, "--all-methods")[2:] == [
        "add       OPTIONS, POST             /add         ",
        "index     GET, HEAD, OPTIONS        /            ",
        "yard      GET, HEAD, OPTIONS, POST  /zoo/<int:id>",
    ]


@pytest.mark.parametrize(
    ("order", "endpoints"),
    [
        ("endpoint", ["add", "index", "yard"]),
        ("methods", ["index", "yard", "add"]),
        ("rule", ["index", "add", "yard"]),
    ],
)
def test_the_lines_are_ordered_as_asked(shop, order, endpoints):
    assert column(shop, "Endpoint", "--sort", order) == endpoints
    assert column(shop, "Endpoint", "-s", order) == endpoints


def test_the_order_of_matching_is_that_of_the_url_map(shop):
    expected = [rule.endpoint for rule in shop.url_map.iter_rules()]

    assert column(shop, "Endpoint", "-s", "match") == expected


def test_an_order_that_does_not_exist_is_an_error_that_names_the_others(shop):
    result = shop.test_cli_runner().invoke(routes_command, ["--sort", "length"])

    assert result.exit_code == 2
    for order in ("endpoint", "methods", "domain", "rule", "match"):
        assert repr(order) in result.output


def test_subdomains_have_a_column_if_there_are_any(shop):
    shop.add_url_rule("/", "admin", lambda: "", subdomain="admin")

    lines = table(shop, "-s", "domain")

    assert lines[0].split() == ["Endpoint", "Methods", "Subdomain", "Rule"]
    assert lines[-1].split() == ["admin", "GET", "admin", "/"]


def test_hosts_have_a_column_if_hosts_are_matched():
    app = retort.Flask("hosts", static_folder=None, host_matching=True)
    app.add_url_rule("/", "b", lambda: "", host="a.example")
    app.add_url_rule("/", "a", lambda: "", host="b.example")

    assert table(app)[0].split() == ["Endpoint", "Methods", "Host", "Rule"]
    assert column(app, "Host", "-s", "domain") == ["a.example", "b.example"]


def test_a_rule_without_methods_has_an_empty_cell():
    app = retort.Flask("plain", static_folder=None)
    app.url_map.add(retort.Flask.url_rule_class("/x", endpoint="x"))

    assert table(app)[-1].split() == ["x", "/x"]


def test_no_routes_are_told_as_such():
    app = retort.Flask("empty", static_folder=None)

    assert table(app) == ["No routes were registered."]
