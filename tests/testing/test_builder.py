"""EnvironBuilder: the URL of a test's request depends on the app's configuration."""

import pytest

from retort.testing import EnvironBuilder


def target(app, *args, **kwargs):
    """Scheme, host, root, path and query of the environ that is built."""
    builder = EnvironBuilder(app, *args, **kwargs)
    try:
        environ = builder.get_environ()
    finally:
        builder.close()
    return (
        environ["wsgi.url_scheme"],
        environ["HTTP_HOST"],
        environ["SCRIPT_NAME"],
        environ["PATH_INFO"],
        environ["QUERY_STRING"],
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ("http", "localhost", "", "/", "")),
        ("/p?x=1&y=2", ("http", "localhost", "", "/p", "x=1&y=2")),
        ("/p?", ("http", "localhost", "", "/p", "")),
        ("/p#part?x", ("http", "localhost", "", "/p", "")),
        ("?x", ("http", "localhost", "", "", "x")),
        ("", ("http", "localhost", "", "", "")),
        ("/a%20b", ("http", "localhost", "", "/a b", "")),
        ("http://other:81/p?x", ("http", "other:81", "", "/p", "x")),
        ("https://other", ("https", "other", "", "", "")),
        ("//other/p", ("http", "other", "", "/p", "")),
    ],
)
def test_the_default_host_of_a_path_is_localhost(app, path, expected):
    assert target(app, path) == expected


def test_the_apps_configuration_gives_host_root_and_scheme(app):
    app.config.update(
        SERVER_NAME="shop.test:99", APPLICATION_ROOT="/base/", PREFERRED_URL_SCHEME="https"
    )

    assert target(app, "/p") == ("https", "shop.test:99", "/base", "/p", "")
    assert target(app, "/p", subdomain="api") == ("https", "api.shop.test:99", "/base", "/p", "")
    assert target(app, "/p", url_scheme="http") == ("http", "shop.test:99", "/base", "/p", "")
    assert target(app, "http://other/p") == ("http", "other", "/base", "/p", "")


def test_subdomain_and_scheme_can_be_given(app):
    assert target(app, "/p", subdomain="api") == ("http", "api.localhost", "", "/p", "")
    assert target(app, "/p", None, "api", "https") == ("https", "api.localhost", "", "/p", "")


def test_a_whole_url_wins_over_subdomain_and_scheme(app):
    expected = ("http", "other", "", "/p", "")

    assert target(app, "http://other/p", subdomain="api", url_scheme="https") == expected


def test_a_base_url_sets_scheme_host_and_root(app):
    app.config.update(SERVER_NAME="shop.test", APPLICATION_ROOT="/base")

    assert target(app, "/p?x", base_url="https://other/root/") == (
        "https",
        "other",
        "/root",
        "/p",
        "x",
    )


@pytest.mark.parametrize("extra", [{"subdomain": "api"}, {"url_scheme": "https"}])
def test_a_base_url_together_with_its_parts_is_an_error(app, extra):
    with pytest.raises(AssertionError, match=r"base_url='http://other' already has the host"):
        EnvironBuilder(app, "/", base_url="http://other", **extra)


def test_a_query_string_can_be_given_apart_but_not_twice(app):
    assert target(app, "/p", query_string={"x": 1})[-1] == "x=1"
    with pytest.raises(ValueError, match="Query string"):
        EnvironBuilder(app, "/p?y=2", query_string={"x": 1})


def test_json_is_written_as_the_app_writes_it(app):
    app.json.ensure_ascii = False

    builder = EnvironBuilder(app, "/", method="POST", json={"b": 1, "a": "é"})

    assert builder.input_stream.read() == '{"a": "é", "b": 1}'.encode()
    assert builder.content_type == "application/json"
    assert builder.app is app


def test_a_request_context_for_a_test_takes_the_same_arguments(app):
    import retort

    with app.test_request_context("/p?x=1", method="POST", data={"name": "Ada"}):
        assert retort.request.args["x"] == "1"
        assert retort.request.form["name"] == "Ada"
