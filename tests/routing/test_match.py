"""The tables against Werkzeug's matcher: what they answer is what it answers."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, Rule, RuleFactory

from retort.routing import UrlMap, look_up_page, look_up_variable

STATIC = ["a", "b", "a-b", "x.y", "é", "1"]
VARIABLES = [
    "<{}>",
    "<string:{}>",
    "<int:{}>",
    "<int(fixed_digits=2):{}>",
    "<int(min=2, max=11):{}>",
    "<int(signed=True):{}>",
    "<float:{}>",
    "<uuid:{}>",
    "<any(a, b):{}>",
    "<string(length=2):{}>",
    "<string(maxlength=3):{}>",
    "<path:{}>",
    "v-<int:{}>",
    "<{}>.html",
    "<picky:{}>",
    "<upper:{}>",
]
SEGMENTS = [
    *STATIC,
    "",
    "7",
    "07",
    "12",
    "-3",
    "1.5",
    "٣",  # a digit, but not an ASCII one
    "²",  # a digit that int() refuses
    "ab",
    "abcd",
    "v-7",
    "a.html",
    "12345678-1234-5678-1234-567812345678",
    "9" * 5000,
    "A",
    "a\nb",
    " ",
]
METHODS = ["GET", "HEAD", "POST", "PUT", "OPTIONS", "BREW"]


def look_up(url_map, path, method):
    tables = url_map.tables or url_map.compile_tables()
    if path in tables.pages:
        return look_up_page(tables.pages[path], method)
    return look_up_variable(tables, path, method)


class PickyConverter(BaseConverter):
    """Refuses what its pattern took."""

    def to_python(self, value):
        from werkzeug.routing import ValidationError

        if value.startswith("a"):
            raise ValidationError
        return value


class UpperConverter(BaseConverter):
    """Has the default's pattern, but another value; names a group of its own."""

    regex = "(?P<inner>[^/]{1,})"
    part_isolating = True

    def to_python(self, value):
        return value.upper()


def make_map(rules, **options):
    url_map = UrlMap(converters={"picky": PickyConverter, "upper": UpperConverter}, **options)
    for rule in rules:
        url_map.add(rule if isinstance(rule, RuleFactory) else Rule(**rule))
    return url_map


def ask_werkzeug(url_map, path, method):
    """Rule and arguments, or the error; as `bind` for a host without subdomain gives them."""
    adapter = url_map.bind("localhost", subdomain="", default_method=method, path_info=path)
    try:
        return adapter.match(return_rule=True)
    except HTTPException as error:
        return type(error)


@st.composite
def rule_strings(draw):
    parts = draw(st.lists(st.sampled_from(STATIC + VARIABLES), max_size=4))
    text = "/" + "/".join(part.format(f"v{index}") for index, part in enumerate(parts))
    return text + "/" if draw(st.booleans()) and parts else text


@st.composite
def rules(draw):
    options = {
        "string": draw(rule_strings()),
        "endpoint": draw(st.sampled_from(["one", "two", "three"])),
        "methods": draw(
            st.one_of(st.none(), st.sets(st.sampled_from(METHODS[:4]), min_size=1, max_size=2))
        ),
    }
    rarely = st.integers(0, 9).map(lambda number: number == 0)
    if draw(rarely):
        options["strict_slashes"] = draw(st.booleans())
    if draw(rarely) and "v0" not in options["string"]:
        options["defaults"] = {"v0": "a"}
    if draw(rarely):
        options["subdomain"] = draw(st.sampled_from(["", "www", "<sub>"]))
    if draw(rarely):
        options["redirect_to"] = "/elsewhere"
    if draw(rarely):
        options["build_only"] = True
    if draw(rarely):
        options["alias"] = True
    if draw(rarely):
        options["websocket"] = True
        options["methods"] = None
    return options


paths = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=5).map(
    lambda parts: "/" + "/".join(parts)
)


@given(
    rules=st.lists(rules(), max_size=8),
    paths=st.lists(paths, min_size=1, max_size=8),
    method=st.sampled_from(METHODS),
)
@example(
    [{"string": "/<v0>", "methods": {"GET"}}, {"string": "/a", "methods": {"POST"}}], ["/a"], "GET"
)
@example([{"string": "/<int:v0>"}, {"string": "/<v0>"}], ["/²", "/٣"], "GET")
@example([{"string": "/<upper:v0>", "methods": {"GET"}}], ["/a"], "GET")
def test_a_table_hit_equals_the_result_of_werkzeug(rules, paths, method):
    url_map = make_map(rules)
    for path in paths:
        hit = look_up(url_map, path.replace("//", "/"), method)
        if hit is not None:
            assert hit == ask_werkzeug(url_map, path.replace("//", "/"), method)


@pytest.mark.parametrize(
    ("rule", "path", "arguments"),
    [  # so that the test above is not empty
        ("/", "/", {}),
        ("/a/b", "/a/b", {}),
        ("/a/", "/a/", {}),
        ("/users/<int:id>", "/users/7", {"id": 7}),
        ("/users/<name>", "/users/Zoë", {"name": "Zoë"}),
        ("/users/<name>/", "/users/ada/", {"name": "ada"}),
        ("/<a>/<int:b>/<c>", "/x/2/z", {"a": "x", "b": 2, "c": "z"}),
        ("/v-<int:major>.<int:minor>", "/v-3.11", {"major": 3, "minor": 11}),
        ("/<float:x>", "/1.5", {"x": 1.5}),
        ("/<any(a, b):letter>", "/b", {"letter": "b"}),
        ("/<upper:name>", "/ada", {"name": "ADA"}),
        ("/static/<path:rest>", "/static/a/b.css", {"rest": "a/b.css"}),
        ("/<path:rest>", "/a", {"rest": "a"}),
    ],
)
def test_an_ordinary_rule_is_answered_from_the_tables(rule, path, arguments):
    url_map = make_map([{"string": rule, "endpoint": "it", "methods": {"GET"}}])
    found = look_up(url_map, path, "GET")
    assert found is not None
    assert (found[0].endpoint, found[1]) == ("it", arguments)


@pytest.mark.parametrize(
    "rule",
    [
        {"string": "/a", "methods": None},
        {"string": "/a", "methods": {"GET"}, "redirect_to": "/b"},
        {"string": "/a", "methods": {"GET"}, "alias": True},
        {"string": "/a", "methods": {"GET"}, "subdomain": "www"},
        {"string": "/a", "methods": {"GET"}, "build_only": True},
        {"string": "/a", "methods": {"GET"}, "websocket": True},
        {"string": "/a", "methods": {"GET"}, "defaults": {"page": 1}},
        {"string": "/<path:rest>/", "methods": {"GET"}},
        {"string": "/a/", "methods": {"GET"}},
        {"string": "/a", "methods": {"POST"}},
    ],
)
def test_what_only_werkzeug_can_judge_is_left_to_it(rule):
    assert look_up(make_map([{"endpoint": "it", **rule}]), "/a", "GET") is None


@pytest.mark.parametrize("path", ["", "a", "a/b", "//", "//a", "//a/b", "///a"])
@pytest.mark.parametrize("options", [{}, {"merge_slashes": False}])
def test_a_path_that_does_not_begin_with_one_slash_is_left_to_werkzeug(path, options):
    rules = ["/", "/<a>", "/<a>/<b>", "/a/<b>", "//<a>", "/<path:rest>"]
    url_map = make_map([{"string": rule, "endpoint": rule} for rule in rules], **options)
    assert look_up(url_map, path, "GET") is None


def test_a_rule_added_later_is_found():
    url_map = make_map([{"string": "/a", "endpoint": "a", "methods": {"GET"}}])
    assert look_up(url_map, "/b", "GET") is None
    url_map.add(Rule("/b", endpoint="b", methods={"GET"}))
    assert look_up(url_map, "/b", "GET")[0].endpoint == "b"


def test_methods_changed_on_a_rule_count():
    url_map = make_map([{"string": "/a", "endpoint": "a", "methods": {"GET"}}])
    rule = next(url_map.iter_rules())
    assert look_up(url_map, "/a", "PATCH") is None
    rule.methods.add("PATCH")
    assert look_up(url_map, "/a", "PATCH")[0] is rule
    rule.methods.discard("GET")
    assert look_up(url_map, "/a", "GET") is None


def test_a_map_with_host_matching_has_no_tables():
    url_map = make_map(
        [{"string": "/a", "endpoint": "a", "methods": {"GET"}, "host": "x.org"}],
        host_matching=True,
    )
    assert look_up(url_map, "/a", "GET") is None


def test_the_rules_of_a_default_subdomain_are_in_the_tables():
    url_map = make_map(
        [{"string": "/a", "endpoint": "a", "methods": {"GET"}}], default_subdomain="www"
    )
    assert look_up(url_map, "/a", "GET")[0].endpoint == "a"


def test_a_number_with_more_digits_than_python_converts_is_not_found(app):
    @app.get("/<int:number>")
    def show(number):
        return str(number)

    client = app.test_client()
    assert client.get("/" + "9" * 4000).status_code == 200
    assert client.get("/" + "9" * 5000).status_code == 404
