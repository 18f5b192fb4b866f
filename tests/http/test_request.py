"""The request: attributes are parsed at first access, and equal to Werkzeug's."""

import io
from functools import partial
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request as WerkzeugRequest

import retort

READ = (
    "method",
    "scheme",
    "server",
    "root_path",
    "path",
    "query_string",
    "remote_addr",
    "host",
    "url",
    "base_url",
    "root_url",
    "host_url",
    "full_path",
    "script_root",
    "is_secure",
    "mimetype",
    "content_length",
    "access_route",
)

latin = st.text(st.characters(max_codepoint=255), max_size=8)
environs = st.fixed_dictionaries(
    {
        "REQUEST_METHOD": st.sampled_from(["GET", "POST", "BREW"]),
        "wsgi.url_scheme": st.just("http"),
    },
    optional={
        "PATH_INFO": st.one_of(latin, st.sampled_from(["", "/", "//a", "/a//b", "/Zo\xc3\xab"])),
        "SCRIPT_NAME": st.sampled_from(["", "/app", "/app/"]),
        "QUERY_STRING": st.one_of(latin, st.sampled_from(["", "a=1&a=2", "%zz=%ff"])),
        "SERVER_NAME": st.sampled_from(["localhost", "unix:/tmp/socket"]),
        "SERVER_PORT": st.sampled_from(["80", "5000", "", "x"]),
        "HTTP_HOST": st.sampled_from(["example.com", "example.com:80", "", "a b"]),
        "REMOTE_ADDR": st.just("10.0.0.1"),
        "CONTENT_TYPE": st.sampled_from(["text/plain; charset=x", ""]),
        "CONTENT_LENGTH": st.sampled_from(["0", "5", "x", ""]),
    },
)


def outcome(read):
    try:
        return read()
    except Exception as error:
        return type(error)


@given(environs)
def test_every_attribute_reads_as_in_werkzeug(environ):
    ours = retort.Request(dict(environ))
    theirs = outcome(lambda: WerkzeugRequest(dict(environ)))
    if isinstance(theirs, type):
        return  # Werkzeug refuses the environ as a whole
    for name in (*READ, "args"):
        read = attrgetter(name)
        assert outcome(partial(read, ours)) == outcome(partial(read, theirs)), name
    assert dict(ours.headers) == dict(theirs.headers)


def test_attributes_can_be_set():
    request = retort.Request(EnvironBuilder("/a").get_environ())
    request.scheme, request.remote_addr = "https", "10.0.0.9"
    assert (request.scheme, request.remote_addr) == ("https", "10.0.0.9")
    assert request.is_secure


def test_the_parts_of_a_request(app):
    seen = {}

    @app.route("/things/<int:id>", methods=["POST"])
    def things(id):
        r = retort.request
        seen.update(
            method=r.method,
            path=r.path,
            args=r.args.getlist("q"),
            form=r.form.to_dict(),
            values=r.values.getlist("q"),
            file=r.files["up"].read(),
            filename=r.files["up"].filename,
            header=r.headers["X-One"],
            cookie=r.cookies["crumb"],
            host=r.host,
            url=r.url,
            endpoint=r.endpoint,
            view_args=r.view_args,
            rule=str(r.url_rule),
            blueprint=r.blueprint,
            blueprints=r.blueprints,
        )
        return "ok"

    client = app.test_client()
    client.set_cookie("crumb", "yes")
    client.post(
        "/things/3?q=1&q=2",
        data={"name": "Zoë", "q": "3", "up": (io.BytesIO(b"content"), "a.txt")},
        headers={"X-One": "1"},
    )
    assert seen == {
        "method": "POST",
        "path": "/things/3",
        "args": ["1", "2"],
        "form": {"name": "Zoë", "q": "3"},
        "values": ["1", "2", "3"],
        "file": b"content",
        "filename": "a.txt",
        "header": "1",
        "cookie": "yes",
        "host": "localhost",
        "url": "http://localhost/things/3?q=1&q=2",
        "endpoint": "things",
        "view_args": {"id": 3},
        "rule": "/things/<int:id>",
        "blueprint": None,
        "blueprints": [],
    }


def test_json_is_read_with_the_applications_provider(app, client):
    class Upper(type(app.json)):
        def loads(self, s, **kwargs):
            return super().loads(s, **kwargs)["value"].upper()

    app.json = Upper(app)

    @app.post("/")
    def index():
        return retort.request.json

    assert client.post("/", json={"value": "x"}).text == "X"


@pytest.mark.parametrize("debug", [True, False])
def test_json_that_is_none_is_a_bad_request_with_details_in_debug_only(app, client, debug):
    app.debug = debug
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.post("/")
    def index():
        return {"it": retort.request.json}

    response = client.post("/", data="{", content_type="application/json")
    assert response.status_code == 400
    assert ("Failed to decode JSON object" in response.text) is debug
    assert client.post("/", data="{}", content_type="text/plain").status_code == 415


def test_a_missing_form_field_is_a_bad_request(app, client):
    @app.post("/")
    def index():
        return retort.request.form["nm"]

    response = client.post("/", data={"name": "Ada"})
    assert response.status_code == 400
    assert "KeyError" not in response.text


@pytest.mark.parametrize(
    ("key", "limit", "sent"),
    [
        ("MAX_CONTENT_LENGTH", 10, {"data": b"x" * 11}),
        ("MAX_CONTENT_LENGTH", 10, {"data": {"a": "x" * 20}}),
        ("MAX_FORM_MEMORY_SIZE", 10, {"data": {"a": "x" * 20, "f": (io.BytesIO(b""), "f")}}),
        ("MAX_FORM_PARTS", 1, {"data": {"a": "1", "f": (io.BytesIO(b""), "f")}}),
    ],
)
def test_a_body_over_a_limit_is_413(app, client, key, limit, sent):
    @app.post("/")
    def index():
        retort.request.form.to_dict()
        return retort.request.get_data()

    app.config[key] = limit
    assert client.post("/", **sent).status_code == 413


def test_a_body_of_exactly_the_limit_is_accepted(app, client):
    @app.post("/")
    def index():
        return retort.request.get_data()

    app.config["MAX_CONTENT_LENGTH"] = 10
    assert client.post("/", data=b"x" * 10).data == b"x" * 10


def test_a_limit_can_be_set_for_one_request(app, client):
    @app.post("/<int:limit>")
    def index(limit):
        retort.request.max_content_length = limit
        return retort.request.get_data()

    app.config["MAX_CONTENT_LENGTH"] = 5
    assert client.post("/100", data=b"x" * 10).status_code == 200
    assert client.post("/9", data=b"x" * 10).status_code == 413


def test_a_limit_outside_of_an_application_is_werkzeugs():
    request = retort.Request(EnvironBuilder("/").get_environ())
    assert request.max_form_parts == WerkzeugRequest.max_form_parts
    assert request.max_content_length is None


def test_a_file_sent_without_enctype_is_explained_in_debug_mode(app, client):
    app.debug = True

    @app.post("/")
    def index():
        return retort.request.files["up"].filename

    with pytest.raises(KeyError) as error:
        client.post("/", data={"up": "holiday.jpg"})
    assert 'enctype="multipart/form-data"' in str(error.value)
    assert "'holiday.jpg'" in str(error.value)
    app.debug = False
    assert client.post("/", data={"up": "holiday.jpg"}).status_code == 400


def test_the_request_is_in_the_environ_unless_it_is_shallow():
    environ = EnvironBuilder("/").get_environ()
    request = retort.Request(environ)
    assert environ["werkzeug.request"] is request
    environ = EnvironBuilder("/").get_environ()
    shallow = retort.Request(environ, shallow=True)
    assert "werkzeug.request" not in environ
    with pytest.raises(RuntimeError):
        shallow.get_data()


def test_files_are_closed_when_the_request_ends(app, client):
    kept = []

    @app.post("/")
    def index():
        kept.append(retort.request.files["up"].stream)
        return "ok"

    client.post("/", data={"up": (io.BytesIO(b"x"), "a.bin")})
    assert kept[0].closed
