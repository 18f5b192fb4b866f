"""Methods: HTTP.md R1 to R26 (RFC 9110 section 9, RFC 5789, RFC 10008), in process.

Tests over a socket, without a test client's changes, are in
tests/server/test_methods_over_http.py.
"""

import pytest

import retort
from retort.views import MethodView


@pytest.fixture(params=[retort.Flask, retort.Retort])
def app(request):
    app = request.param("methods")
    app.config["TESTING"] = True
    return app


def allow(response):
    return {method.strip() for method in response.headers["Allow"].split(",")}


def test_a_method_that_no_route_names_is_not_implemented(app, client):
    # R2
    app.add_url_rule("/", "index", lambda: "x")
    for path in ("/", "/nothing"):
        response = client.open(path, method="BREW")
        assert response.status_code == 501
        assert "BREW" in response.text


def test_a_method_of_any_route_is_implemented(app, client):
    # R2
    app.add_url_rule("/cache", "cache", lambda: "purged", methods=["PURGE"])
    app.add_url_rule("/", "index", lambda: "x")
    assert client.open("/cache", method="PURGE").text == "purged"
    assert client.open("/", method="PURGE").status_code == 405
    assert client.open("/nothing", method="PURGE").status_code == 404


def test_a_rule_without_methods_accepts_all(app, client):
    # R2
    from werkzeug.routing import Rule

    app.url_map.add(Rule("/any", endpoint="any"))
    app.add_url_rule("/", "index", lambda: "x")
    app.view_functions["any"] = lambda: retort.request.method
    assert client.open("/any", method="BREW").text == "BREW"
    assert client.open("/", method="BREW").status_code == 405


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "QUERY", "TRACE"])
def test_a_standard_method_that_a_url_does_not_take_is_not_allowed(app, client, method):
    # R3, R11
    app.add_url_rule("/", "index", lambda: "x")
    app.add_url_rule("/", "save", lambda: "x", methods=["POST"])
    response = client.open("/", method=method, headers={"X-Secret": "not to be echoed"})
    assert response.status_code == 405
    assert allow(response) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert "echoed" not in response.text


def test_get_and_head_are_always_implemented(app, client):
    # R4
    app.add_url_rule("/", "save", lambda: "x", methods=["POST"])
    for method in ("GET", "HEAD"):
        assert client.open("/", method=method).status_code == 405
        assert client.open("/nothing", method=method).status_code == 404


def test_head_has_the_headers_of_get_and_no_body(app, client):
    # R5
    app.add_url_rule("/", "index", lambda: ("hello", {"X-A": "1"}))
    get, head = client.get("/"), client.head("/")
    assert head.status_code == 200
    assert dict(head.headers) == dict(get.headers)
    assert head.headers["Content-Length"] == "5"
    assert head.data == b""
    for path in ("/nothing",):
        assert client.head(path).headers["Content-Length"] == str(len(client.get(path).data))
        assert client.head(path).data == b""


def test_a_stream_is_closed_and_not_read_for_head(app, client):
    # R6
    events = []

    class Stream:
        def __iter__(self):
            return self

        def __next__(self):
            events.append("read")
            raise StopIteration

        def close(self):
            events.append("closed")

    app.add_url_rule("/", "index", Stream)
    client.head("/", buffered=True)
    assert events == ["closed"]


@pytest.mark.parametrize("head_first", [True, False])
def test_a_handler_for_head_goes_before_the_automatic_one(app, client, head_first):
    # R7
    def add_head():
        app.head("/<item>", endpoint="head")(lambda item: ("", {"X-From": "head"}))

    def add_get():
        app.get("/<name>", endpoint="get")(lambda name: ("x", {"X-From": "get"}))

    for add in (add_head, add_get) if head_first else (add_get, add_head):
        add()
    assert client.head("/a").headers["X-From"] == "head"
    assert client.get("/a").headers["X-From"] == "get"
    assert allow(client.post("/a")) == {"GET", "HEAD", "OPTIONS"}


def test_options_is_answered_without_the_view(app, client):
    # R9
    app.add_url_rule("/", "index", lambda: 1 / 0, methods=["GET", "POST"])
    response = client.options("/")
    assert response.status_code == 200
    assert allow(response) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_without_automatic_options_it_is_not_allowed(app, client):
    # R8
    app.add_url_rule("/", "index", lambda: "x", provide_automatic_options=False)
    response = client.options("/")
    assert response.status_code == 405
    assert allow(response) == {"GET", "HEAD"}


@pytest.mark.parametrize("path", ["*", "/*"])
def test_options_for_the_server_names_the_methods_of_all_urls(app, client, path):
    # R10
    app.add_url_rule("/a", "a", lambda: "x")
    app.add_url_rule("/b", "b", lambda: "x", methods=["PUT", "PURGE"])
    response = client.options("/", environ_overrides={"PATH_INFO": path})
    assert response.status_code == 200
    assert allow(response) == {"GET", "HEAD", "OPTIONS", "PURGE", "PUT"}
    assert response.data == b""


def test_connect_never_succeeds(app, client):
    # R12
    app.add_url_rule("/", "index", lambda: "tunnel", methods=["GET", "CONNECT"])
    assert client.open("/", method="CONNECT").status_code == 501


@pytest.mark.parametrize(
    ("method", "is_safe", "is_idempotent"),
    [
        ("GET", True, True),
        ("HEAD", True, True),
        ("OPTIONS", True, True),
        ("QUERY", True, True),
        ("TRACE", True, True),
        ("PUT", False, True),
        ("DELETE", False, True),
        ("POST", False, False),
        ("PATCH", False, False),
        ("PURGE", False, False),
    ],
)
def test_a_request_has_the_properties_of_its_method(app, method, is_safe, is_idempotent):
    # R13, R18, R23
    with app.test_request_context(method=method):
        assert retort.request.is_safe is is_safe
        assert retort.request.is_idempotent is is_idempotent


def test_put_of_a_part_is_refused_where_it_would_replace_the_whole(app, client):
    # R15
    app.add_url_rule("/", "index", lambda: "put", methods=["PUT"])
    response = client.put("/", data=b"x", headers={"Content-Range": "bytes 0-0/5"})
    assert response.status_code == (400 if isinstance(app, retort.Retort) else 200)
    app.config["ACCEPT_PARTIAL_PUT"] = True
    assert client.put("/", data=b"x", headers={"Content-Range": "bytes 0-0/5"}).text == "put"


def test_created_sets_the_location(app, client):
    # R15, R17
    @app.route("/things/<name>", methods=["GET", "PUT"])
    def thing(name):
        return retort.created(retort.url_for("thing", name=name), {"name": name})

    response = client.put("/things/Zoë")
    assert response.status_code == 201
    assert response.headers["Location"] == "/things/Zo%C3%AB"
    assert response.json == {"name": "Zoë"}


def test_no_content_has_no_body_and_no_length(app, client):
    # R16
    app.add_url_rule("/", "index", lambda: ("", 204), methods=["DELETE"])
    response = client.delete("/")
    assert response.status_code == 204
    assert response.data == b""
    assert "Content-Length" not in response.headers
    assert ("Content-Type" in response.headers) is not isinstance(app, retort.Retort)


# Types of content: R18, R20 to R22


@pytest.fixture
def contacts(app):
    @app.query("/contacts", accepts=["application/x-www-form-urlencoded", "application/json"])
    def search():
        values = retort.request.get_json() if retort.request.is_json else retort.request.form
        if "name" not in values:
            retort.abort(422)
        return {"found": values["name"], "in": retort.request.args.get("book")}

    @app.patch("/contacts", accepts=["application/merge-patch+json", 'text/x;charset="a b"'])
    def patch():
        return "patched"

    return app.test_client()


def query(client, **options):
    return client.open("/contacts?book=red", method="QUERY", **options)


def test_query_reads_the_content_and_the_url(contacts):
    # R26
    assert query(contacts, data={"name": "Ada"}).json == {"found": "Ada", "in": "red"}
    assert query(contacts, json={"name": "Ada"}).json == {"found": "Ada", "in": "red"}


def test_query_without_a_type_is_a_bad_request(contacts):
    # R20
    assert query(contacts, data=b"name=Ada").status_code == 400
    assert query(contacts).status_code == 400


def test_query_whose_content_is_not_of_its_type_is_a_bad_request(contacts):
    # R20
    assert query(contacts, data=b"name=Ada", content_type="application/json").status_code == 400


def test_a_query_of_an_unsupported_type_gets_the_accepted_types(contacts):
    # R21, R22
    response = query(contacts, data=b"select *", content_type="application/sql")
    assert response.status_code == 415
    accepted = "application/x-www-form-urlencoded, application/json"
    assert response.headers["Accept-Query"] == accepted
    assert query(contacts, data={"name": "Ada"}).headers["Accept-Query"] == accepted
    assert contacts.options("/contacts").headers["Accept-Query"] == accepted
    assert query(contacts, data={}).status_code in {400, 422}


def test_query_that_makes_no_sense_is_unprocessable(contacts):
    # R21
    assert query(contacts, data={"nm": "Ada"}).status_code == 422


def test_a_patch_of_an_unsupported_type_gets_the_accepted_types(contacts):
    # R18
    response = contacts.patch("/contacts", json={})
    assert response.status_code == 415
    assert response.headers["Accept-Patch"] == (
        'application/merge-patch+json, text/x;charset="a b"'
    )
    patch = {"data": "{}", "content_type": "application/merge-patch+json"}
    assert contacts.patch("/contacts", **patch).text == "patched"
    assert "Accept-Patch" in contacts.options("/contacts").headers
    assert allow(contacts.options("/contacts")) == {"OPTIONS", "PATCH", "QUERY"}


def test_an_error_handler_may_handle_415(app, contacts):
    @app.errorhandler(415)
    def wrong_type(error):
        return "mine", 415

    assert contacts.patch("/contacts", json={}).text == "mine"


def test_what_is_produced_must_be_acceptable(app, client):
    # R21
    app.add_url_rule("/", "index", lambda: "a,b", produces=["text/csv"])
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"Accept": "text/*;q=0.5"}).status_code == 200
    response = client.get("/", headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert "text/csv" in response.text


@pytest.mark.parametrize("accepts", [["text/*"], ["*/*"], ["text/plain; charset=utf-8"]])
def test_media_ranges_may_be_wide(app, client, accepts):
    app.add_url_rule("/", "index", lambda: "ok", methods=["POST"], accepts=accepts)
    assert client.post("/", data="x", content_type="text/plain").text == "ok"
    if accepts != ["*/*"]:
        assert client.post("/", json={}).status_code == 415


def test_options_of_a_route_are_checked_at_once(app):
    with pytest.raises(TypeError, match="is a list"):
        app.post("/", accepts="application/json")(lambda: "")
    with pytest.raises(ValueError, match="not a media type"):
        app.post("/", accepts=["json"])(lambda: "")


def test_a_class_handles_query_only_with_accepts(app, client):
    class Helper(MethodView):
        def get(self):
            return self.query()

        def query(self):
            return "a helper"

    class Search(MethodView):
        accepts = ("application/json",)

        def query(self):
            return retort.request.json["q"]

    app.add_url_rule("/helper", view_func=Helper.as_view("helper"))
    app.add_url_rule("/search", view_func=Search.as_view("search"))
    assert client.get("/helper").text == "a helper"
    assert client.open("/helper", method="QUERY", json={}).status_code == 405
    assert client.open("/search", method="QUERY", json={"q": "x"}).text == "x"
    assert client.open("/search", method="QUERY", data={"q": "x"}).status_code == 415


# Several functions for one URL


def test_functions_for_several_methods_share_one_endpoint(app, client):
    @app.get("/login/<name>", defaults={"greeting": "hello"})
    def login(name, greeting):
        return f"{greeting} {name}"

    @login.post
    def login(name, greeting="posted"):
        return f"{greeting} {name}"

    @login.delete(strict_slashes=False)
    async def forget(name, greeting="bye"):
        return f"{greeting} {name}"

    assert client.get("/login/Ada").text == "hello Ada"
    assert client.post("/login/Ada").text == "posted Ada"
    assert client.delete("/login/Ada").text == "bye Ada"
    assert client.head("/login/Ada").headers["Content-Length"] == "9"
    assert allow(client.put("/login/Ada")) == {"DELETE", "GET", "HEAD", "OPTIONS", "POST"}
    with app.test_request_context():
        assert retort.url_for("login", name="Ada") == "/login/Ada"
    assert "forget" not in app.view_functions
    assert login("Ada") == "posted Ada"  # the name is the function that was decorated last


def test_functions_of_a_blueprint_share_one_endpoint_too(app, client):
    outer = retort.Blueprint("outer", __name__, url_prefix="/outer")
    inner = retort.Blueprint("inner", __name__, url_prefix="/inner")

    @inner.get("/page", endpoint="it")
    def page():
        return "get"

    @page.put
    def page():
        return "put"

    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.register_blueprint(outer, name="again", url_prefix="/again")
    for prefix, name in (("/outer", "outer"), ("/again", "again")):
        assert client.get(f"{prefix}/inner/page").text == "get"
        assert client.put(f"{prefix}/inner/page").text == "put"
        with app.test_request_context():
            assert retort.url_for(f"{name}.inner.it") == f"{prefix}/inner/page"


def test_what_is_marked_after_its_route_is_one_function_and_not_all_of_its_endpoint(app):
    def marked(view):
        view.is_marked = True
        return view

    @app.get("/before")
    @marked
    def before():
        return "a form"

    @before.post
    def before():
        return "sent"

    @marked
    @app.get("/after")
    def after():
        return "a form"

    @after.post
    def after():
        return "sent"

    assert app.view_functions["before"].is_marked
    assert not hasattr(app.view_functions["after"], "is_marked")
    assert app.view_functions["after"].views_by_method["GET"].is_marked


def test_what_a_function_has_already_is_not_changed(app):
    def view():
        return ""

    view.post = "mine"
    assert app.get("/")(view) is view
    assert view.post == "mine"


@pytest.mark.parametrize(
    ("rules", "requests"),
    [
        (
            [("/things/", ["GET"]), ("/things", ["POST"])],
            {("GET", "/things"): 308, ("POST", "/things"): 200, ("GET", "/things/"): 200},
        ),
        (
            [("/things/", ["POST"]), ("/things", ["GET"])],
            {("GET", "/things"): 200, ("POST", "/things"): 308, ("POST", "/things/"): 200},
        ),
        (
            [("/<name>/", ["GET"]), ("/<name>", ["PUT"])],
            {("PUT", "/x"): 200, ("GET", "/x"): 308},
        ),
        (
            [("/things/", ["GET"]), ("/<name>", ["PUT"])],
            {("PUT", "/things"): 200, ("GET", "/things"): 308},
        ),
    ],
)
def test_a_slash_redirect_never_hides_a_route_that_takes_the_method(app, client, rules, requests):
    # R28
    for number, (rule, methods) in enumerate(rules):
        app.add_url_rule(rule, str(number), lambda name=None: "ok", methods=methods)
    for (method, path), status in requests.items():
        response = client.open(path + "?q=1", method=method)
        assert response.status_code == status, (method, path)
        if status == 308:
            assert response.location.endswith(path + "/?q=1")


@pytest.mark.parametrize(
    "content_type",
    [
        "json",
        "application/",
        "/json",
        "application/json/x",
        "text plain",
        "text/plain, application/json",
        "text/plain; charset",
        "text/plain; charset=utf-8, application/json",
        'text/plain; charset="utf-8',
        "; charset=utf-8",
        "text/pl\xe4in",
    ],
)
def test_a_query_whose_content_type_is_no_media_type_is_refused(app, client, content_type):
    # R20
    ran = []
    app.add_url_rule("/search", "search", lambda: ran.append(1) or "found", methods=["QUERY"])

    response = client.open("/search", method="QUERY", data="x", content_type=content_type)

    assert response.status_code == 400
    assert ran == []


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "TEXT/PLAIN;charset=utf-8",
        "text/plain ; charset=utf-8 ;",
        'multipart/form-data; boundary="a b;c\\""',
        "application/vnd.api+json; ext=x; profile=y",
    ],
)
def test_a_query_of_any_media_type_reaches_its_view(app, client, content_type):
    # R20
    app.add_url_rule("/search", "search", lambda: "found", methods=["QUERY"])

    response = client.open("/search", method="QUERY", data="1", content_type=content_type)

    assert response.text == "found"


def test_a_content_type_of_many_spaces_is_refused_without_trying_each_of_them(app, client):
    # R20; if each way to split the spaces were tried, this would take hours
    app.add_url_rule("/search", "search", lambda: "found", methods=["QUERY"])
    content_type = "text/plain" + (";" + " " * 300_000) * 2 + "!!"

    response = client.open("/search", method="QUERY", data="x", content_type=content_type)

    assert response.status_code == 400


def test_a_response_to_query_may_have_a_content_location(app, client):
    # R24
    @app.query("/search", accepts=["text/plain"])
    def search():
        return "found", {"Content-Location": "/results/7", "Location": "/search?q=x"}

    response = client.open("/search", method="QUERY", data="x", content_type="text/plain")
    assert response.status_code == 200
    assert response.headers["Content-Location"] == "/results/7"
    assert response.headers["Location"] == "/search?q=x"


@pytest.mark.parametrize(("code", "seen"), [(303, "GET "), (307, "QUERY x"), (308, "QUERY x")])
def test_a_redirected_query_is_repeated_or_becomes_a_get(app, client, code, seen):
    # R24
    @app.query("/old", accepts=["text/plain"])
    def old():
        return retort.redirect("/new", code)

    @app.route("/new", methods=["GET", "QUERY"])
    def new():
        return f"{retort.request.method} {retort.request.get_data(as_text=True)}"

    response = client.open(
        "/old", method="QUERY", data="x", content_type="text/plain", follow_redirects=True
    )
    assert response.text == seen
