"""The response object: cookies, headers, caching, conditional answers, JSON, its subclasses."""

from datetime import datetime, timedelta, timezone

from flask import Flask, Response, make_response, request
from steps import get, head, note

WAYS = {}


def way(function):
    WAYS[function.__name__.replace("_", "-")] = function
    return function


@way
def cookies():
    response = make_response("x")
    response.set_cookie("plain", "value")
    response.set_cookie("odd", 'ä;,"\\ b')
    response.set_cookie("all", "v", 60, path="/p", domain="localhost", secure=True, httponly=True)
    response.set_cookie("site", "v", samesite="Strict", partitioned=True)
    response.set_cookie("expires", "v", expires=datetime(2020, 1, 1, tzinfo=timezone.utc))
    response.set_cookie("delta", "v", max_age=timedelta(minutes=1))
    response.delete_cookie("gone", path="/p")
    return response


@way
def big_cookie():
    response = make_response("x")
    response.set_cookie("big", "x" * 5000)
    note(response.max_cookie_size)
    return response


@way
def bad_cookie_site():
    make_response("x").set_cookie("a", "b", samesite="Sideways")


@way
def headers():
    response = Response("x", headers={"X-A": "1"}, mimetype="text/plain", content_type=None)
    response.headers.add("X-B", "1")
    response.headers.add("X-B", "2")
    response.headers["X-C"] = "ä"
    response.headers.pop("X-A")
    response.vary.add("Accept")
    response.cache_control.max_age = 5
    response.cache_control.public = True
    response.last_modified = datetime(2020, 1, 1, tzinfo=timezone.utc)
    response.content_language = ["de"]
    response.location = "/somewhere"
    response.www_authenticate = None
    return response


@way
def etag():
    response = make_response("body")
    response.add_etag()
    return response.make_conditional(request)


@way
def etag_weak():
    response = make_response("body")
    response.set_etag("own", weak=True)
    return response.make_conditional(request)


@way
def status():
    response = Response("x")
    response.status_code = 418
    note(response.status)
    response.status = "299 Own"
    return response


@way
def no_type():
    response = Response(b"x")
    del response.headers["Content-Type"]
    return response


@way
def types():
    note(
        Response("x", mimetype="text/css").content_type,
        Response("x", mimetype="image/png").content_type,
    )
    return Response("x", content_type="text/html")


@way
def json_of_it():
    response = make_response({"a": 1})
    note(response.json, response.get_json(), response.is_json)
    return response


@way
def bad_json():
    note(Response("{", mimetype="application/json").get_json(silent=True))
    return str(Response("x").get_json(silent=True))


@way
def data():
    response = Response("first")
    response.data = "second ä"
    note(response.content_length, response.get_data(as_text=True))
    return response


@way
def length():
    return Response("x", headers={"Content-Length": "1"})


@way
def none_body():
    return Response(None, 200)


@way
def list_body():
    return Response(["a", b"b", "ä"])


@way
def freeze():
    response = Response(iter(["a", "b"]))
    response.freeze()
    return response


@way
def called():
    response = Response("x")
    response.call_on_close(lambda: note("closed"))
    return response


@way
def forced():
    class Own(Response):
        pass

    response = Own.force_type(Response("forced", 201))
    note(type(response).__name__)
    return response


@way
def stream():
    response = Response()
    response.stream.write(b"written ")
    response.stream.writelines([b"to ", b"it"])
    return response


@way
def no_content():
    return Response(status=204)


@way
def not_modified():
    return Response("x", 304)


def create_app():
    app = Flask(__name__)
    app.add_url_rule("/<name>", "way", lambda name: WAYS[name]())
    return app


def from_app(app, client):
    response = Response.from_app(app, {**environ(app), "PATH_INFO": "/data"})
    return response.get_data(as_text=True), client.get("/json-of-it").json


def environ(app):
    return app.test_request_context("/").request.environ


def max_cookie_size(app, client):
    app.config["MAX_COOKIE_SIZE"] = 10
    with app.app_context():
        seen = [Response().max_cookie_size]
    return [*seen, Response().max_cookie_size]


def of_its_own(app, client):
    class Own(Response):
        default_status = 202
        default_mimetype = "application/x-own"
        autocorrect_location_header = True

    other = Flask("x")
    other.response_class = Own
    other.add_url_rule("/", "index", lambda: ("x", {"Location": "/there"}))
    answer = other.test_client().get("/")
    return (
        answer.status_code,
        answer.content_type,
        answer.location,
        type(other.make_response("x")).__name__,
    )


ETAG = '"02083f4579e08a612425c0c1a17ee47add783b94"'

STEPS = [
    *(get(f"/{name}") for name in WAYS),
    *(head(f"/{name}") for name in ("headers", "stream", "list-body", "etag")),
    *(get("/etag", headers={"If-None-Match": value}) for value in (ETAG, f"W/{ETAG}", '"x"', "*")),
    get("/etag-weak", headers={"If-None-Match": '"own"'}),
    from_app,
    of_its_own,
    max_cookie_size,
]
