"""Apps and requests that Hypothesis makes up are answered alike by Flask and by Retort."""

import re
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STATIC = ["a", "b", "a-b", "x.y", "é"]
# What a variable may stand for in a rule, with segments that fit and one that does not.
VARIABLES = {
    "<{}>": ["a", "é", " ", "a;b"],
    "<int:{}>": ["7", "007", "-3", "٣", "²"],
    "<int(signed=True):{}>": ["-3", "7", "x"],
    "<float:{}>": ["1.5", "1"],
    "<path:{}>": ["a/b", "a", "a//b"],
    "<any(a, b):{}>": ["a", "b", "A"],
    "<string(length=2):{}>": ["ab", "a"],
    "<uuid:{}>": ["12345678-1234-5678-1234-567812345678", "1234"],
    "v-<int:{}>": ["v-7", "v-x"],
    "<{}>.html": ["a.html", ".html"],
}
OTHER = [*STATIC, "", ".", "..", "%2F", "%FF", "~", "7"]
# Not HEAD: the view that a program has for it wins with Retort, whichever came first.
METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "get"]
ASKED = ["GET", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]
QUERIES = ["", "a=1", "a=1&a=2&b", "q=%C3%A9+x", "%zz&=&;"]
PREFIXES = ["/p", "/a", None, "/p/q/", "/<int:n>"]

rarely = st.sampled_from([False, False, False, False, True, False])


@st.composite
def rules(draw):
    parts = draw(st.lists(st.sampled_from([*STATIC, *VARIABLES]), max_size=3))
    text = "/" + "/".join(part.format(f"v{place}") for place, part in enumerate(parts))
    if parts and draw(st.booleans()):
        text += "/"
    rule = {"rule": text, "endpoint": draw(st.sampled_from(["one", "two", "three", "four"]))}
    if draw(st.booleans()):
        rule["methods"] = draw(st.lists(st.sampled_from(METHODS), min_size=1, max_size=2))
    if draw(rarely):
        rule["strict_slashes"] = draw(st.booleans())
    if draw(rarely):
        rule["defaults"] = {"v0": draw(st.sampled_from(["a", 1]))}
    if draw(rarely):
        rule["provide_automatic_options"] = False
    if draw(rarely):
        rule["merge_slashes"] = False
    return rule


def scopes(inner):
    return st.fixed_dictionaries(
        {
            "name": st.sampled_from(["x", "y", "z"]),
            "prefix": st.sampled_from(PREFIXES),
            "registered": st.sampled_from([{}, {}, {}, {"url_prefix": "/r"}, {"name": "renamed"}]),
            "rules": st.lists(rules(), min_size=1, max_size=3),
            "blueprints": inner,
        }
    )


blueprints = st.lists(
    scopes(st.lists(scopes(st.just([])), max_size=1)),
    max_size=2,
    unique_by=lambda scope: scope["name"],
)


def all_rules(description, prefix=""):
    """The full text of every rule, about as set-up puts it together."""
    for rule in description["rules"]:
        yield prefix + rule["rule"]
    for inner in description["blueprints"]:
        own = inner["registered"].get("url_prefix", inner["prefix"]) or ""
        yield from all_rules(inner, prefix + own.rstrip("/"))


def segments(part):
    """What may stand in a path where a rule has ``part``."""
    pattern = re.sub(r"(n|v\d)>", "{}>", part)
    return st.sampled_from(VARIABLES.get(pattern, [part, part, "a"]))


@st.composite
def paths(draw, known):
    """One that a rule was meant for, perhaps with another slash; or one by chance."""
    if not known or draw(rarely):
        return "/" + "/".join(draw(st.lists(st.sampled_from(OTHER), max_size=3)))
    path = "/".join(draw(segments(part)) for part in draw(st.sampled_from(known)).split("/"))
    if draw(rarely):
        path = draw(st.sampled_from([path + "/", path.rstrip("/"), path.replace("/", "//", 2)]))
    return path if path.startswith("/") else "/" + path


@st.composite
def apps(draw):
    description = {
        "options": draw(st.sampled_from([{}, {"static_folder": None}])),
        "strict_slashes": draw(st.sampled_from([True, True, True, False])),
        "rules": draw(st.lists(rules(), min_size=1, max_size=5)),
        "blueprints": draw(blueprints),
    }
    known = list(all_rules(description))
    requests = st.tuples(st.sampled_from(ASKED), paths(known), st.sampled_from(QUERIES))
    description["requests"] = draw(st.lists(requests, min_size=6, max_size=16))
    return description


def test_made_up_apps_answer_made_up_requests_alike(flask, retort):
    statuses = Counter()

    @settings(
        derandomize=True,
        database=None,
        max_examples=200,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(apps())
    def the_answers_are_equal(description):
        flasks = flask.ask("random app", description)
        statuses.update(one[0] for one in flasks.get("answers", ()))
        assert retort.ask("random app", description) == flasks

    the_answers_are_equal()

    # So that the comparison is not of one kind of answer only.
    assert {status for status, times in statuses.items() if times >= 20} >= {200, 308, 404, 405}
