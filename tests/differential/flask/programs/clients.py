"""The test client: contexts kept, redirects, cookies, defaults, subclasses."""

from io import BytesIO

from flask import Flask, g, has_request_context, redirect, request, session, url_for
from flask.testing import EnvironBuilder, FlaskClient
from steps import get, note, post


def create_app():
    app = Flask(__name__)
    app.secret_key = "key"
    app.teardown_request(lambda error: note("teardown", request.path))

    @app.route("/", methods=["GET", "POST", "PUT"])
    def index():
        g.mark = request.method
        session["count"] = session.get("count", 0) + 1
        return {
            "method": request.method,
            "url": request.url,
            "args": request.args,
            "form": request.form,
            "files": {name: file.read().decode() for name, file in request.files.items()},
            "json": request.get_json(silent=True),
            "data": request.get_data(as_text=True)[:20] if not request.form else "",
            "type": request.content_type and request.content_type.partition(";")[0],
            "agent": str(request.user_agent),
            "remote": request.remote_addr,
            "own": request.environ.get("own"),
        }

    @app.route("/redirect/<int:number>", methods=["GET", "POST"])
    def redirecting(number):
        note("redirecting", number, request.method)
        if number == 0:
            return redirect(url_for("index"))
        return redirect(
            url_for("redirecting", number=number - 1), request.args.get("code", 302, int)
        )

    @app.route("/loop")
    def loop():
        return redirect("/loop")

    @app.route("/away")
    def away():
        return redirect("http://elsewhere.net/")

    @app.route("/cookie")
    def cookie():
        response = app.make_response(str(sorted(request.cookies)))
        response.set_cookie("seen", "yes", max_age=60, path="/cookie")
        response.set_cookie("other", "ä b", domain="localhost")
        return response

    @app.route("/delete-cookie")
    def delete_cookie():
        response = app.make_response(str(sorted(request.cookies)))
        response.delete_cookie("seen", path="/cookie")
        return response

    @app.route("/boom")
    def boom():
        raise LookupError("boom")

    return app


def context_is_kept(app, client):
    with client:
        client.get("/?a=1")
        seen = [request.args["a"], g.mark, session["count"]]
        client.post("/")
        note("second request", request.method)
        seen += [request.method, session["count"]]
    return seen, has_request_context()


def context_of_the_last_redirect(app, client):
    with client:
        client.get("/redirect/1", follow_redirects=True)
        return request.path, g.mark, has_request_context()


def nested_clients(app, client):
    with client, client:
        client.get("/")


def kept_after_an_error(app, client):
    app.testing = True
    try:
        with app.test_client() as other:
            try:
                other.get("/boom")
            except LookupError:
                note("raised", has_request_context())
    finally:
        app.testing = False
    return has_request_context()


def two_clients(app, client):
    with app.test_client() as one, app.test_client() as two:
        one.get("/?one")
        g.mark = "one"
        two.get("/?two")
        return request.query_string, g.mark


def history(app, client):
    answer = client.get("/redirect/2", follow_redirects=True)
    return [
        [one.status_code, one.request.path, one.location] for one in answer.history
    ], answer.request.path


def codes(app, client):
    return {
        code: client.post(f"/redirect/1?code={code}", data={"a": "b"}, follow_redirects=True).json[
            "method"
        ]
        for code in (301, 302, 303, 307, 308)
    }


def loops(app, client):
    client.get("/loop", follow_redirects=True)


def away(app, client):
    client.get("/away", follow_redirects=True)


def cookies(app, client):
    client.set_cookie("set", "by hand")
    client.set_cookie("elsewhere", "x", domain="elsewhere.net")
    client.set_cookie("below", "x", path="/cookie")
    seen = [client.get("/cookie").text, client.get("/cookie").text]
    found = client.get_cookie("seen", path="/cookie")
    seen.append([found.value, found.max_age, found.path, found.domain, found.http_only])
    client.get("/delete-cookie")
    client.delete_cookie("set")
    return [*seen, client.get_cookie("seen", path="/cookie") is None, client.get("/cookie").text]


def without_cookies(app, client):
    other = app.test_client(use_cookies=False)
    counts = [other.get("/cookie").text, other.get("/cookie").text]
    try:
        other.set_cookie("a", "b")
    except TypeError as error:
        return counts, type(error).__name__


def a_client_of_its_own(app, client):
    class Own(FlaskClient):
        def __init__(self, *args, **kwargs):
            self.header = kwargs.pop("header")
            super().__init__(*args, **kwargs)

        def open(self, *args, **kwargs):
            kwargs.setdefault("headers", {})["User-Agent"] = self.header
            return super().open(*args, **kwargs)

    app.test_client_class = Own
    try:
        return app.test_client(header="own").get("/").json["agent"]
    finally:
        app.test_client_class = None


def base_environ(app, client):
    other = app.test_client()
    other.environ_base["REMOTE_ADDR"] = "10.0.0.1"
    other.environ_base["own"] = "kept"
    answer = other.get("/", environ_overrides={"HTTP_USER_AGENT": "overridden"})
    again = other.get("/", environ_base={"own": "given"})
    return [answer.json[name] for name in ("remote", "own", "agent")], again.json["own"]


def by_builder(app, client):
    builder = EnvironBuilder(app, "/?x=1", method="PUT", json={"a": 1})
    answers = [client.open(builder), client.open(builder.get_environ())]
    answers.append(client.open(builder.get_request()))
    builder.close()
    return [[answer.json["method"], answer.json["url"], answer.json["json"]] for answer in answers]


def builders(app, client):
    app.config["APPLICATION_ROOT"] = "/mounted"
    app.config["PREFERRED_URL_SCHEME"] = "https"
    seen = []
    for args, keywords in (
        (("/path",), {}),
        (("http://example.org:81/path?q=1",), {}),
        (("/path",), {"subdomain": "api"}),
        (("/path",), {"base_url": "http://other/"}),
        (("/path",), {"url_scheme": "ftp"}),
        (("relative",), {}),
        ((), {}),
        (("/a",), {"query_string": "d=e"}),
    ):
        builder = EnvironBuilder(app, *args, **keywords)
        environ = builder.get_environ()
        names = ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_HOST", "wsgi.url_scheme")
        seen.append([environ[name] for name in names])
    app.config["APPLICATION_ROOT"] = "/"
    app.config["PREFERRED_URL_SCHEME"] = "http"
    return seen


def a_builder_with_two_queries(app, client):
    EnvironBuilder(app, "/a?b=c", query_string="d=e")


def a_builder_with_both(app, client):
    EnvironBuilder(app, "/", base_url="http://x", subdomain="y")


def its_json(app, client):
    builder = EnvironBuilder(app, "/")
    return builder.json_dumps({"b": 1, "a": 2}), client.get("/").get_json()["url"]


def the_answer(app, client):
    answer = client.get("/")
    return [
        answer.json == answer.get_json(),
        answer.text == answer.get_data(as_text=True),
        answer.request.path,
        answer.is_json,
        answer.status_code,
        isinstance(answer, app.response_class),
        answer.history == (),
    ]


STEPS = [
    get("/?a=b", headers={"X-A": "1"}),
    post("/", data={"a": "ä", "b": ["1", "2"]}),
    post("/", data={"file": (BytesIO(b"content"), "name.txt"), "a": "1"}),
    post("/", data="raw ä", content_type="text/plain"),
    post("/", json={"a": "ä"}),
    post("/", query_string={"q": "ä&"}, data=b"bytes"),
    get("http://example.org:81/"),
    get("/", base_url="https://example.org/mounted"),
    get("/redirect/2", follow_redirects=True),
    get("/redirect/2"),
    post("/redirect/1?code=307", data={"a": "b"}, follow_redirects=True),
    context_is_kept,
    context_of_the_last_redirect,
    nested_clients,
    kept_after_an_error,
    two_clients,
    history,
    codes,
    loops,
    away,
    cookies,
    without_cookies,
    a_client_of_its_own,
    base_environ,
    by_builder,
    builders,
    a_builder_with_two_queries,
    a_builder_with_both,
    its_json,
    the_answer,
]
