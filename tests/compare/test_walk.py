"""The walk of ``retort compare`` through programs, by their test clients."""

import itertools
import json

import pytest
from werkzeug.test import Client

from retort import Flask, redirect, request, session
from retort.compare.client.cookies import CookieJar
from retort.compare.messages import NoResponse, Response, Step
from retort.compare.options import CompareError
from retort.compare.walk import Walk, check_patterns, parse_login
from retort.compare.walk.addresses import is_risky, pattern_of, resolve
from retort.compare.walk.places import matched

SIDES = ("flask", "again", "retort")


class Sides:
    """Three copies of a program, each with its own cookies, and the steps sent to them."""

    def __init__(self, make):
        self.clients = {side: Client(make(side), use_cookies=False) for side in SIDES}
        self.jars = {side: CookieJar("localhost") for side in SIDES}
        self.steps = []

    def exchange(self, origin, requests):
        outcomes = {side: self.send(side, requests[side]) for side in SIDES}
        self.steps.append(Step(len(self.steps) + 1, origin, dict(requests), outcomes))
        return self.steps[-1]

    def send(self, side, sent):
        cookie = self.jars[side].field_for(sent.target)
        response = self.clients[side].open(
            sent.target,
            method=sent.method,
            headers=[*sent.fields, *([("Cookie", cookie)] if cookie else [])],
            data=sent.body,
            buffered=True,
        )
        self.jars[side].keep(sent.target, response.headers.getlist("Set-Cookie"))
        status, _, reason = response.status.partition(" ")
        body = response.get_data()
        response.close()
        return Response(int(status), reason, tuple(response.headers), body)

    def walk(self, **options):
        walk = Walk(self.exchange, SIDES, **options)
        walk.run()
        return walk

    def sent(self, method=None):
        """The requests to the first side, as ``METHOD target``."""
        firsts = [step.requests["flask"] for step in self.steps]
        return [f"{one.method} {one.target}" for one in firsts if method in (None, one.method)]

    def plain(self):
        """The GET requests that are no further requests for an address."""
        return [
            step.requests["flask"].target
            for step in self.steps
            if step.requests["flask"].method == "GET" and " for /" not in step.origin
        ]

    def origins(self, target):
        return [one.origin for one in self.steps if one.requests["flask"].target == target]


def program(**pages):
    """Copies of a program with pages whose text is given; ``index`` is at ``/``."""

    def make(side):
        app = Flask(__name__)
        for name, text in pages.items():
            path = "/" if name == "index" else f"/{name.replace('__', '/')}"
            app.add_url_rule(path, name, lambda text=text: text)
        return app

    return Sides(make)


def served(function):
    """Copies of a program that ``function(app, side)`` makes."""

    def make(side):
        app = Flask(__name__)
        app.secret_key = "x"
        function(app, side)
        return app

    return Sides(make)


def links(*targets):
    return "".join(f"<a href='{one}'>x</a>" for one in targets)


def test_pages_are_requested_breadth_first():
    sides = program(index=links("/a", "/b"), a=links("/c", "/"), b="b", c="c")
    sides.walk()

    assert sides.plain() == ["/", "/a", "/b", "/c"]
    assert sides.origins("/c")[0] == "a link on /a"


def test_each_address_gets_the_further_requests():
    sides = program(index="x")
    sides.walk()

    assert sides.sent() == [
        "GET /",
        "HEAD /",
        "OPTIONS /",
        "POST /",
        "FROBNICATE /",
        "GET /",
        "GET /",
        "GET /",
    ]
    fields = [dict(step.requests["retort"].fields) for step in sides.steps[-3:]]
    assert [step.origin for step in sides.steps[-3:]] == [
        "Accept: application/json for /",
        "If-None-Match for /",
        "a range for /",
    ]
    assert fields[1]["If-None-Match"] == '"none"'
    assert fields[2]["Range"] == "bytes=0-9"


def test_the_same_method_is_refused_on_all_sides():
    def make(app, side):
        methods = ["GET", "POST"] if side == "retort" else ["GET"]
        app.add_url_rule("/", "index", lambda: "x", methods=methods)

    sides = served(make)
    sides.walk()

    (step,) = [one for one in sides.steps if one.origin.startswith("a method")]
    assert {one.method for one in step.requests.values()} == {"POST"}


def test_links_to_elsewhere_are_not_followed():
    sides = program(
        index=links(
            "http://example.org/a", "//example.org/", "mailto:a@b", "javascript:void(0)",
            "data:text/plain,x", "#part", "http://[", "tel:1", "ftp://localhost/", "?",
            "http://localhost:81/",
        )
    )  # fmt: skip
    sides.walk()

    assert sides.plain() == ["/"]


def test_links_are_resolved_against_the_page_and_its_base():
    sides = program(
        index=links("a/page"),
        a__page=links("next", "../up", "http://LOCALHOST/absolute", "?q=1#x"),
        a__next="<base href=/b/>" + links("deep"),
    )
    sides.walk()

    assert sides.plain() == [
        *("/", "/a/page", "/a/next", "/up", "/absolute", "/a/page?q=1"),
        "/b/deep",
    ]


def test_dangerous_addresses_come_last():
    sides = program(
        index=links("/logout", "/item/delete", "/a"), logout=links("/after"), a=links("/b"), b="b"
    )
    sides.walk()

    plain = sides.plain()
    assert plain[:3] == ["/", "/a", "/b"]
    assert plain[3:] == ["/logout", "/after", "/item/delete"]
    first_risky = sides.sent().index("GET /logout")
    assert "a range for /b" in [one.origin for one in sides.steps[:first_risky]]


def test_a_redirect_to_a_dangerous_address_is_followed_last():
    def make(app, side):
        app.add_url_rule("/", "index", lambda: links("/go", "/a"))
        app.add_url_rule("/go", "go", lambda: redirect("/logout"))
        app.add_url_rule("/a", "a", lambda: "a")
        app.add_url_rule("/logout", "logout", lambda: "bye")

    sides = served(make)
    sides.walk()

    assert sides.plain() == ["/", "/go", "/a", "/logout"]
    assert sides.origins("/logout")[0] == "the redirect of GET /go"


def test_an_address_that_only_a_redirect_leads_to_gets_the_further_requests():
    def make(app, side):
        app.add_url_rule("/", "index", lambda: redirect("/home"))
        app.add_url_rule("/home", "home", lambda: links("/a"))

    sides = served(make)
    sides.walk()

    assert "HEAD /home" in sides.sent()
    assert sides.sent().count("HEAD /home") == 1
    assert "GET /a" in sides.sent()


@pytest.mark.parametrize("circle", [["/b", "/"], ["/"]])
def test_redirects_in_a_circle_end(circle):
    def make(app, side):
        for here, there in zip(["/", *circle], circle, strict=False):
            app.add_url_rule(here, here, lambda there=there: redirect(there))

    sides = served(make)
    sides.walk()

    assert len(sides.plain()) == 1 + 10


def test_a_redirect_that_keeps_the_method_sends_the_form_again():
    def make(app, side):
        app.add_url_rule("/", "index", lambda: "<form method=post action=/form><input name=a>")
        app.add_url_rule("/form/", "form", lambda: request.form["a"], methods=["GET", "POST"])

    sides = served(make)
    sides.walk()

    forms = [one for one in sides.steps if one.requests["flask"].target == "/form/"]
    assert forms[0].requests["flask"].method == "POST"
    assert forms[0].outcomes["retort"].body == b"Ada"


def test_each_side_follows_its_own_redirect():
    def make(app, side):
        app.add_url_rule("/", "index", lambda: redirect(f"/item/{side}"))
        app.add_url_rule("/item/<name>", "item", lambda name: name)

    sides = served(make)
    sides.walk()

    step = next(one for one in sides.steps if one.origin == "the redirect of GET /")
    assert {one.target for one in step.requests.values()} == {f"/item/{side}" for side in SIDES}
    assert [one.body.decode() for one in step.outcomes.values()] == [*SIDES]


def test_each_side_follows_its_own_link_at_the_same_place():
    ids = {"flask": "11", "again": "22", "retort": "33"}

    def make(app, side):
        more = links("/only-here") if side == "retort" else ""
        app.add_url_rule("/", "index", lambda: links("/a") + more + links(f"/item/{ids[side]}"))
        app.add_url_rule("/a", "a", lambda: "a")
        app.add_url_rule("/item/<name>", "item", lambda name: name)

    sides = served(make)
    sides.walk()

    step = next(one for one in sides.steps if one.requests["flask"].target == "/item/11")
    assert {side: one.target for side, one in step.requests.items()} == {
        side: f"/item/{number}" for side, number in ids.items()
    }
    assert not any("only-here" in one for one in sides.sent())


def test_hidden_fields_are_those_of_each_side_and_fresh():
    def make(app, side):
        tokens = (f"{side}-{number}" for number in itertools.count())

        def index():
            session["token"] = next(tokens)
            hidden = f"<input type=hidden name=token value={session['token']}>"
            return f"<form method=post action=/save>{hidden}<input name=a></form>"

        def save():
            return "saved" if request.form["token"] == session.get("token") else ("old", 400)

        app.add_url_rule("/", "index", index)
        app.add_url_rule("/save", "save", save, methods=["POST"])

    sides = served(make)
    sides.walk()

    saved = [one for one in sides.steps if one.requests["flask"].method == "POST"]
    saved = [one for one in saved if one.requests["flask"].target == "/save"]
    assert [one.origin.rpartition(": ")[2] for one in saved] == [
        *("good values", "a empty", "a over-long", "a odd")
    ]
    assert {out.body for one in saved for out in one.outcomes.values()} == {b"saved"}


def test_a_form_without_hidden_fields_costs_one_request_for_each_filling():
    sides = program(index="<form method=post action=/x><input name=a><input name=b></form>")
    sides.walk()

    assert sides.sent().count("POST /x") == 1 + 3 * 2
    assert sides.plain() == ["/"]


def test_a_form_comes_with_the_fields_of_a_browser():
    sides = program(index="<form method=post action=/x><input name=a></form>")
    sides.walk()

    fields = dict(
        next(one for one in sides.steps if " /x" in f" {one.requests['flask'].target}")
        .requests["retort"]
        .fields
    )
    assert fields["Origin"] == "http://localhost"
    assert fields["Referer"] == "http://localhost/"
    assert fields["Sec-Fetch-Site"] == "same-origin"


def test_a_form_without_an_action_is_sent_to_its_page():
    sides = program(
        index=links("/a?b=1"), a="<base href=http://example.org/><form method=post><input name=c>"
    )
    sides.walk()

    assert "POST /a?b=1" in sides.sent()


def test_buttons_send_to_their_own_addresses_and_dangerous_ones_last():
    sides = program(
        index="<form method=post action=/save><input name=a><button>s</button>"
        "<button formaction=/delete>d</button><button name=do value=remove>r</button></form>"
        + links("/other"),
        other="x",
    )
    sides.walk()

    sent = sides.sent()
    assert sent.count("POST /delete") == 1
    assert sent.index("POST /delete") > sent.index("FROBNICATE /other")
    (last,) = [one for one in sides.steps if b"do=remove" in one.requests["flask"].body]
    assert last.number > sent.index("FROBNICATE /other")


def test_the_same_form_on_many_pages_is_sent_once():
    form = "<form action=/search><input name=q></form>"
    sides = program(index=form + links("/a"), a=form)
    sides.walk()

    assert len([one for one in sides.sent("GET") if one.startswith("GET /search?q=Ada")]) == 1


def test_a_form_that_one_side_lacks_is_sent_to_all():
    def make(app, side):
        form = "<form method=post action=/x><input type=hidden name=h value=1><input name=a></form>"
        app.add_url_rule("/", "index", lambda: "none" if side == "retort" else form)

    sides = served(make)
    sides.walk()

    posts = [one for one in sides.steps if one.requests["flask"].target == "/x"]
    assert len(posts) == 4
    assert all(one.requests["retort"] == one.requests["flask"] for one in posts)


def test_a_form_that_disappears_is_sent_with_its_last_values():
    def make(app, side):
        calls = itertools.count()
        form = "<form method=post action=/x><input type=hidden name=h value=1></form>"
        app.add_url_rule("/", "index", lambda: "gone" if next(calls) else form)

    sides = served(make)
    sides.walk()

    (post,) = [one for one in sides.steps if one.requests["flask"].target == "/x"]
    assert post.requests["retort"].body == b"h=1"


def test_addresses_of_the_url_map_are_requested_without_links():
    sides = program(index="x", a="a", drop="x")
    sides.walk(targets=["/", "/a", "/drop"])

    assert sides.plain() == ["/", "/a", "/drop"]
    assert sides.origins("/a")[0] == "the URL map"


def test_rules_for_post_without_a_form_get_two_requests():
    def make(app, side):
        form = "<form method=post action=/form><input name=a></form>"
        app.add_url_rule("/", "index", lambda: form)
        for name in ("form", "api", "reset"):
            app.add_url_rule(f"/{name}", name, lambda: request.get_data(), methods=["POST"])

    sides = served(make)
    sides.walk(post_targets=["/reset", "/api", "/form", "/skipped"], skip=["skipped"])

    assert sides.origins("/api") == ["an empty POST for /api", "an empty JSON object for /api"]
    api = [one for one in sides.steps if one.requests["flask"].target == "/api"]
    assert [one.outcomes["retort"].body for one in api] == [b"", b"{}"]
    assert dict(api[1].requests["retort"].fields)["Content-Type"] == "application/json"
    assert not any("POST for /form" in one for one in sides.origins("/form"))
    assert sides.sent("POST")[-2:] == ["POST /reset", "POST /reset"]


def test_an_endless_calendar_ends():
    def make(app, side):
        app.add_url_rule("/", "index", lambda: links("/month/1"))
        app.add_url_rule("/month/<int:n>", "month", lambda n: links(f"/month/{n + 1}", f"/?n={n}"))

    sides = served(make)
    walk = sides.walk(max_requests=10_000)

    assert len([one for one in sides.plain() if one.startswith("/month")]) == 12
    assert walk.left_out["/month/#?"] == 1
    assert len(sides.steps) < 300


def test_an_endpoint_has_a_limit_whatever_its_addresses_are():
    names = [f"{a}{b}" for a in "abcdefgh" for b in "abcdefgh"]

    def make(app, side):
        app.add_url_rule("/", "index", lambda: links(*(f"/page/{one}" for one in names)))
        app.add_url_rule("/page/<name>", "page", lambda name: name)

    sides = served(make)
    walk = sides.walk(
        max_requests=10_000, endpoint_of=lambda method, target: "page" if "page" in target else ""
    )

    assert len([one for one in sides.plain() if one.startswith("/page")]) == 40
    assert walk.left_out == {"page": 24}


def test_the_limit_of_requests_is_never_passed():
    form = "<form method=post action=/x><input type=hidden name=h><input name=a></form>"
    for most in range(1, 15):
        sides = program(index=links("/a", "/b") + form, a="a", b="b")
        walk = sides.walk(max_requests=most)
        assert len(sides.steps) == most
        assert walk.is_over()


def test_the_limit_of_time_ends_the_walk():
    now = [100.0]
    sides = program(index=links(*(f"/{a}" for a in "abcdefgh")))
    exchange = sides.exchange

    def exchange_slowly(origin, requests):
        now[0] += 10
        return exchange(origin, requests)

    walk = Walk(exchange_slowly, SIDES, seconds=35.0, clock=lambda: now[0])
    walk.run()

    assert len(sides.steps) == 4


def test_skipped_addresses_get_no_request_of_any_kind():
    def make(app, side):
        form = "<form method=post action=/secret/x><input name=a></form>"
        app.add_url_rule("/", "index", lambda: links("/secret/a", "/go") + form)
        app.add_url_rule("/go", "go", lambda: redirect("/secret/b"))

    sides = served(make)
    sides.walk(skip=["^/secret"], targets=["/secret/c"])

    assert not any("secret" in one for one in sides.sent())


def test_a_side_without_a_response_ends_the_visit_of_its_address():
    sides = program(index=links("/a", "/b"), a="a", b="b")
    send = sides.send

    def send_badly(side, sent):
        is_bad = side == "again" and sent.target == "/a"
        return NoResponse("closed", "closed") if is_bad else send(side, sent)

    sides.send = send_badly
    sides.walk()

    assert sides.sent().count("GET /a") == 1
    assert "HEAD /a" not in sides.sent()
    assert "HEAD /b" in sides.sent()


def test_of_a_huge_page_a_note_says_that_it_was_cut():
    sides = program(index=links("/a") + "x" * 1_100_000 + links("/b"), a="a")
    walk = sides.walk()

    assert sides.plain() == ["/", "/a"]
    assert walk.notes == ["Of /, only the beginning was read for links and forms."]


def test_links_in_json_are_followed():
    def make(app, side):
        app.add_url_rule("/", "index", lambda: {"next": "/b", "name": "/no"})
        app.add_url_rule("/b", "b", lambda: {"self": "/b"})

    sides = served(make)
    sides.walk()

    assert sides.plain() == ["/", "/b"]


def test_a_login_sends_the_hidden_fields_of_the_best_form():
    def make(app, side):
        def login():
            if request.method == "POST":
                is_right = request.form.to_dict() == {"csrf": side, "name": "ada", "pw": "a b"}
                session["user"] = "ada"
                return redirect("/") if is_right else ("wrong", 400)
            search = "<form method=post><input type=hidden name=no value=1><input name=q></form>"
            hidden = f"<input type=hidden name=csrf value={side}>"
            fields = hidden + "<input name=name><input type=password name=pw>"
            return f"{search}<form method=post>{fields}</form>"

        app.add_url_rule("/login", "login", login, methods=["GET", "POST"])
        app.add_url_rule("/", "index", lambda: session.get("user", "nobody"))

    sides = served(make)
    walk = Walk(sides.exchange, SIDES)
    step = walk.login("POST /login name=ada&pw=a+b")

    assert [one.status for one in step.outcomes.values()] == [302, 302, 302]
    assert [one.body for one in sides.steps[-1].outcomes.values()] == [b"ada"] * 3
    assert walk.count == 3


@pytest.mark.parametrize(
    "text", ["", "POST", "POST login", "/login a=b", "DELETE /x", "POST /a b c"]
)
def test_a_login_that_cannot_be_read_says_how_to_write_it(text):
    with pytest.raises(CompareError, match="write the method, the path and the fields, such as"):
        parse_login(text)


def test_a_login_in_small_letters_is_read():
    found, fields = parse_login(" post /login?next=/ a=1&b=&a=2 ")

    assert (found.method, found.target) == ("POST", "/login?next=/")
    assert fields == [("a", "1"), ("b", ""), ("a", "2")]


def test_a_pattern_that_is_no_expression_is_named():
    check_patterns(["^/a", "b|c"])
    with pytest.raises(CompareError, match=r"--skip '\(' is no regular expression: missing \)"):
        check_patterns(["("])


def test_forms_of_files_that_lead_to_this_machine_are_sent():
    sides = program(index="x", x="x")
    walk = Walk(sides.exchange, SIDES)
    walk.add_file(
        "login.html",
        b"<form action=http://localhost:5000/x?y=1 method=post><input name=a></form>"
        b"<form action=http://example.org/z method=post></form><form action=/relative></form>",
    )
    walk.run()

    assert sides.sent("POST")[:1] == ["POST /x?y=1"]
    assert sides.origins("/x?y=1")[0] == "form 1 in login.html: good values"
    assert not any("/z" in one or "relative" in one for one in sides.sent())


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("/a b", "/a%20b"),
        ("/käse?q=ä", "/k%C3%A4se?q=%C3%A4"),
        ("/%C3%A4", "/%C3%A4"),
        ("/a#b", "/a"),
        ("", "/page?x=1"),
        ("?y", "/page?y"),
        ("http://localhost:80", "/"),
        ("/\ud800", "/%EF%BF%BD"),
        ("/a\nb", "/ab"),
        ("https://localhost/s", "/s"),
    ],
)
def test_targets_are_in_ascii(link, target):
    assert resolve(link, "/page?x=1", "localhost") == target


@pytest.mark.parametrize("target", ["/logout", "/sign-out", "/item/3/DELETE", "/a?do=remove"])
def test_dangerous_addresses(target):
    assert is_risky(target)


def test_addresses_that_differ_in_numbers_have_one_pattern():
    assert pattern_of("/a/17?b=1&c=2") == pattern_of("/a/4?c=&b") == "/a/#?b&c"
    ids = ("3f9a7c51e02b4d86", "550e8400-e29b-41d4-a716-446655440000")
    assert {pattern_of(f"/a/{one}") for one in ids} == {"/a/#?"}


@pytest.mark.parametrize(
    ("first", "other", "pairs"),
    [
        ("abc", "abc", {0: 0, 1: 1, 2: 2}),
        ("abc", "xabc", {0: 1, 1: 2, 2: 3}),
        ("abc", "ac", {0: 0, 2: 1}),
        ("abc", "axc", {0: 0, 1: 1, 2: 2}),
        ("abc", "axyc", {0: 0, 2: 3}),
        ("abcd", "xbcdy", {0: 0, 1: 1, 2: 2, 3: 3}),
        ("aa", "a", {0: 0}),
        ("", "a", {}),
        ("a", "", {}),
    ],
)
def test_what_lists_have_in_common_is_matched(first, other, pairs):
    assert matched(first, other) == pairs


def test_long_lists_are_matched_at_their_ends():
    first = ["same", *("a" * 20_000), "end"]
    other = ["same", *("b" * 19_999), "end"]

    assert matched(first, other) == {0: 0, 20_001: 20_000}


def test_a_whole_program_is_walked_with_its_rules_for_post(command):
    command.write("""
import flask
from flask import Flask, request

app = Flask(__name__)
IS_RETORT = flask.__file__.endswith("retort/__init__.py")

@app.post("/api")
def api():
    return {"got": request.get_json(silent=True), "retort": IS_RETORT}

@app.get("/unlinked")
def unlinked():
    return "x"
""")

    found = json.loads(command.run("--json", "-").stdout)

    titles = [one["title"] for one in found["findings"] if one["kind"] == "unexplained"]
    assert titles
    assert all("POST /api" in one for one in titles)
