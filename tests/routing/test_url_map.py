"""Changes of a URL map: what was compiled is discarded, and the change is recorded."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.routing import BaseConverter, Map, Rule, RuleFactory

import retort
from retort.registries import Changes, is_recorded
from retort.routing import UrlMap, look_up_page, look_up_variable

# Statements that change a URL map, as programs write them.
CHANGES = [
    "x.add(Rule('/new', endpoint='new'))",
    "x.default_subdomain = 'shop'",
    "x.strict_slashes = False",
    "x.merge_slashes = False",
    "x.redirect_defaults = False",
    "x.sort_parameters = True",
    "x.sort_key = len",
    "x.host_matching = True",
    "x._remap = True",
]


def look_up(url_map, path, method):
    tables = url_map.tables or url_map.compile_tables()
    if path in tables.pages:
        return look_up_page(tables.pages[path], method)
    return look_up_variable(tables, path, method)


def rule_for(path, endpoint, **options):
    """An ordinary rule, as an application adds it."""
    return Rule(path, endpoint=endpoint, methods=["GET"], **options)


def find(url_map, path):
    """The endpoint that the tables have for a path."""
    match = look_up(url_map, path, "GET")
    return None if match is None else match[0].endpoint


@pytest.mark.parametrize("statement", CHANGES)
def test_a_change_discards_what_was_compiled_and_is_recorded(statement):
    url_map = UrlMap([rule_for("/", "index")])
    url_map.changes = Changes()
    url_map.compile_tables()
    url_map.compile_paths()
    before = url_map.changes.number

    exec(statement, {"x": url_map, "Rule": Rule})

    assert url_map.tables is None
    assert url_map.paths is None
    assert url_map.changes.number != before


def test_matching_and_building_change_nothing(build_path):
    url_map = UrlMap([rule_for("/", "index")])
    url_map.changes = Changes()
    before = url_map.changes.number

    assert find(url_map, "/") == "index"
    assert build_path(url_map, "index", {}) == "/"
    url_map.update()
    list(url_map.iter_rules())

    assert url_map.tables is url_map.compile_tables() is not None
    assert url_map.paths is url_map.compile_paths() is not None
    assert url_map.changes.number == before


def test_a_rule_is_matched_and_built_as_soon_as_it_is_added(build_path):
    url_map = UrlMap([rule_for("/<name>", "page")])
    assert find(url_map, "/new") == "page"
    assert build_path(url_map, "new", {}) is None

    url_map.add(rule_for("/new", "new"))

    assert find(url_map, "/new") == "new"
    assert build_path(url_map, "new", {}) == "/new"


def test_a_rule_stays_whose_factory_fails_afterwards():
    class Rules(RuleFactory):
        def get_rules(self, url_map):
            yield rule_for("/new", "new")
            yield rule_for("/<unclosed", "broken")

    url_map = UrlMap([rule_for("/<name>", "page")])
    assert find(url_map, "/new") == "page"

    with pytest.raises(ValueError, match="unclosed"):
        url_map.add(Rules())

    assert find(url_map, "/new") == "new"
    assert url_map.bind("localhost").match("/new") == ("new", {})


def test_a_map_that_starts_to_match_hosts_has_no_tables(build_path):
    url_map = UrlMap([rule_for("/", "index")])
    assert find(url_map, "/") == "index"
    assert build_path(url_map, "index", {}) == "/"

    url_map.host_matching = True

    assert find(url_map, "/") is None
    assert build_path(url_map, "index", {}) is None


def test_the_tables_are_for_the_new_default_subdomain():
    url_map = UrlMap([rule_for("/", "index"), rule_for("/", "shop", subdomain="shop")])
    assert find(url_map, "/") == "index"

    url_map.default_subdomain = "shop"

    assert find(url_map, "/") == "shop"


def test_a_query_is_sorted_from_then_on(build_path):
    url_map = UrlMap([rule_for("/", "index")])
    assert build_path(url_map, "index", {"b": 1, "a": 2}) == "/?b=1&a=2"

    url_map.sort_parameters = True

    assert build_path(url_map, "index", {"b": 1, "a": 2}) == "/?a=2&b=1"


def test_a_converter_is_for_rules_that_are_added_later():
    class Upper(BaseConverter):
        def to_python(self, value):
            return value.upper()

    url_map = UrlMap([rule_for("/first/<string:name>", "first")])
    url_map.converters["string"] = Upper
    url_map.add(rule_for("/second/<string:name>", "second"))

    assert look_up(url_map, "/first/a", "GET")[1] == {"name": "a"}
    assert look_up(url_map, "/second/a", "GET")[1] == {"name": "A"}
    url_map.converters = {}
    assert look_up(url_map, "/second/a", "GET")[1] == {"name": "A"}
    with pytest.raises(LookupError):
        url_map.add(rule_for("/third/<string:name>", "third"))


def test_an_application_records_changes_of_its_map():
    app = retort.Flask("shop")
    assert is_recorded(app.url_map, app.registry_changes)
    before = app.registry_changes.number

    app.url_map.add(rule_for("/new", "new"))

    assert app.registry_changes.number != before
    assert not is_recorded(UrlMap())


def test_a_map_of_another_class_records_nothing():
    class Shop(retort.Flask):
        url_map_class = Map

    assert not is_recorded(Shop("shop").url_map)


def test_rules_that_are_added_while_others_are_matched_are_found_at_once(build_path):
    url_map = UrlMap([rule_for("/<name>", "page")])
    last = 200
    added = -1
    start = threading.Barrier(4)

    def look_for_the_last_one():
        start.wait(60)
        while (number := added) < last:
            if number >= 0:
                assert find(url_map, f"/{number}") == str(number)
                assert build_path(url_map, str(number), {}) == f"/{number}"

    def add_rules():
        nonlocal added
        start.wait(60)
        try:
            for number in range(last):
                url_map.add(rule_for(f"/{number}", str(number)))
                added = number
                assert find(url_map, f"/{number}") == str(number)
        finally:
            added = last

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(add_rules), *(pool.submit(look_for_the_last_one) for _ in range(3))]
    for job in jobs:
        job.result()
