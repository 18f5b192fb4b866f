"""Forms: valid forms are parsed, and broken ones are an error, not empty."""

import io
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.formparser import FormDataParser

import retort
from retort.http.forms import FormParser

URLENCODED = "application/x-www-form-urlencoded"


def fields(text):
    body = io.BytesIO(text.encode() if isinstance(text, str) else text)
    return FormParser(cls=list).read_fields(body)


@pytest.fixture
def show(app):
    """Show what a view sees of a request: args, form, files."""

    @app.route("/show", methods=["GET", "HEAD", "POST", "PUT", "QUERY", "PATCH", "DELETE"])
    def view():
        request = retort.request
        return {
            "args": list(request.args.items(multi=True)),
            "form": list(request.form.items(multi=True)),
            "files": [(name, file.filename) for name, file in request.files.items(multi=True)],
        }


@pytest.fixture
def hints(app, caplog):
    """The warnings of the application, which is in debug mode."""
    app.debug = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    caplog.set_level(logging.WARNING)
    return lambda: [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]


def parts(*parts):
    lines = []
    for disposition, content in parts:
        lines += ["--x", f"Content-Disposition: form-data; {disposition}", "", content]
    return "\r\n".join([*lines, "--x--", ""]).encode()


MULTIPART = "multipart/form-data; boundary=x"


# Urlencoded forms


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("x=1&x=2", [("x", "1"), ("x", "2")]),
        ("b=1&a=2&b=3", [("b", "1"), ("a", "2"), ("b", "3")]),
        ("empty=", [("empty", "")]),
        ("a+b=c+d", [("a b", "c d")]),
        ("x=a%26b%3Dc%2B", [("x", "a&b=c+")]),
        ("=v", [("", "v")]),
        ("x", [("x", "")]),
        ("x=a=b", [("x", "a=b")]),
        ("&&x=1&", [("x", "1")]),
        ("", []),
        ("x=1;y=2", [("x", "1;y=2")]),
        ("x=%zz%4", [("x", "%zz%4")]),
        ("x=%F0%9F%90%8D", [("x", "🐍")]),
    ],
)
def test_fields_are_parsed_as_in_the_standard(sent, read):
    # R58; the URL standard
    assert fields(sent) == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b"nm=Zo%EB", "Zo�"),
        (b"nm=Zo\xeb", "Zo�"),
        (b"nm=%E9%C3%A9", "�é"),
        (b"nm=%C3", "�"),
        (b"nm=%ED%A0%80", "���"),
    ],
)
def test_bytes_that_are_not_utf_8_become_replacement_characters(sent, read):
    # R60
    assert fields(sent + b"&other=ok") == [("nm", read), ("other", "ok")]


def test_a_letter_may_be_partly_raw_and_partly_escaped():
    assert fields(b"nm=\xc3%A9") == [("nm", "é")]


@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=5), st.data())
def test_valid_forms_are_read_as_werkzeug_reads_them(pairs, data):
    from urllib.parse import quote, quote_plus

    def written(text):
        how = data.draw(
            st.sampled_from([quote, quote_plus, lambda t: quote(t, safe=";/?:@!$'()*,")])
        )
        return how(text)

    body = "&".join(f"{written(name)}={written(value)}" for name, value in pairs).encode()
    theirs = FormDataParser().parse(io.BytesIO(body), URLENCODED, len(body))[1]
    ours = FormParser().parse(io.BytesIO(body), URLENCODED, len(body))[1]
    assert ours == theirs == MultiDict(pairs)


@given(st.binary(max_size=80))
def test_no_bytes_are_an_error_and_none_empty_the_form(body):
    # R60
    assert bool(fields(body)) is bool(body.strip(b"&"))


def test_names_are_decoded_like_values():
    assert fields(b"Zo%EB+1=x") == [("Zo� 1", "x")]


def test_the_query_is_read_as_before(show, client):
    # R60: request.args keeps Werkzeug's way
    answer = client.post("/show?nm=Zo%EB", data=b"nm=Zo%EB", content_type=URLENCODED).json
    assert answer["args"] == [["nm", "Zo%EB"]]
    assert answer["form"] == [["nm", "Zo�"]]


@pytest.mark.parametrize("body", [b"nm=Zo%EB", b"nm=Zo\xeb"])
def test_a_page_without_a_charset_is_hinted_at_in_debug_mode_once(show, client, hints, body):
    # R60
    for _ in range(3):
        client.post("/show", data=body, content_type=URLENCODED)
    assert len(hints()) == 1
    assert '<meta charset="utf-8">' in hints()[0]
    assert "POST '/show'" in hints()[0]


def test_the_charset_of_multipart_forms_is_hinted_at_too(show, client, hints):
    # R60
    for body in (
        parts(('name="a"', "Zo\xeb")).decode().encode("latin-1"),
        parts(('name="Zo\xeb"', "")).decode().encode("latin-1"),
    ):
        answer = client.post("/show", data=body, content_type=MULTIPART)
        assert "�" in str(answer.json["form"])
    assert len(hints()) == 1


@pytest.mark.parametrize("query", ["nm=Zo%EB", "nm=Zo%eb&x=%C3%A9", "Zo%EB", "a=1&b=%C3"])
def test_a_query_that_is_not_utf_8_is_hinted_at_once(show, client, hints, query):
    for _ in range(3):
        client.get(f"/show?{query}")
    assert len(hints()) == 1
    assert hints()[0].startswith("The query of GET '/show' contains bytes that are not UTF-8;")
    assert '<meta charset="utf-8">' in hints()[0]


@pytest.mark.parametrize("query", ["nm=Zo%C3%AB", "nm=100%25", "nm=%EF%BF%BD", "nm=%", "nm=50%zz"])
def test_a_query_that_is_utf_8_is_not_hinted_at(show, client, hints, query):
    client.get(f"/show?{query}")
    assert hints() == []


def test_a_query_that_is_not_read_is_not_hinted_at(app, client, hints):
    app.get("/other")(lambda: "")
    client.get("/other?nm=Zo%EB")
    assert hints() == []


def test_there_are_no_hints_in_production(show, app, client, hints):
    app.debug = False
    client.get("/show?nm=Zo%EB")
    client.post("/show?_method=put", data=b"nm=Zo%EB", content_type=URLENCODED)
    client.post("/show", data=b"nm=1", content_type="text/plain")
    assert hints() == []


def test_replacement_characters_that_were_sent_are_no_reason_for_a_hint(show, client, hints):
    assert client.post("/show", data={"a": "�"}).json["form"] == [["a", "�"]]
    assert hints() == []


# What browsers do with forms


def test_a_post_form_keeps_the_query_of_its_action(show, client):
    # R57
    answer = client.post("/show?a=1&b=2", data={"a": "3"}).json
    assert (answer["args"], answer["form"]) == ([["a", "1"], ["b", "2"]], [["a", "3"]])


def test_a_get_form_is_all_in_the_query(show, client):
    # R57: a browser replaces the query of the action by the fields
    answer = client.get("/show?nm=Ada&x=1&x=2").json
    assert (answer["args"], answer["form"]) == ([["nm", "Ada"], ["x", "1"], ["x", "2"]], [])


def test_the_first_of_several_values_is_the_value(app, client):
    # R58
    @app.post("/")
    def index():
        form = retort.request.form
        return {"one": form["x"], "all": form.getlist("x"), "empty": form["e"], "no": form.get("n")}

    for content_type in (URLENCODED, "multipart/form-data"):
        answer = client.post("/", data={"x": ["1", "2"], "e": ""}, content_type=content_type)
        assert answer.json == {"one": "1", "all": ["1", "2"], "empty": "", "no": None}


def test_an_empty_file_input_is_a_file_without_name_and_content(app, client):
    # R59
    @app.post("/")
    def index():
        up = retort.request.files["up"]
        return {"name": up.filename, "is_true": bool(up), "content": up.read().decode()}

    body = parts(('name="up"; filename=""\r\nContent-Type: application/octet-stream', ""))
    answer = client.post("/", data=body, content_type=MULTIPART)
    assert answer.json == {"name": "", "is_true": False, "content": ""}


def test_fields_and_files_of_a_multipart_form(show, client):
    body = parts(('name="a"', "1"), ('name="up"; filename="é.txt"', "content"), ('name="a"', "2"))
    answer = client.post("/show", data=body, content_type=MULTIPART).json
    assert answer["form"] == [["a", "1"], ["a", "2"]]
    assert answer["files"] == [["up", "é.txt"]]


@pytest.mark.parametrize("size", [0, 1, 70_000, 600_000])
def test_a_file_arrives_byte_for_byte_in_memory_or_on_disk(app, client, size):
    content = (b"\r\n--x\n-\r" * 80_000)[:size]

    @app.post("/")
    def index():
        return retort.request.files["up"].read()

    body = parts(('name="up"; filename="f"', "CONTENT")).replace(b"CONTENT", content)
    body = body.replace(b"--x\r\nContent", b"--xyz\r\nContent").replace(b"--x--", b"--xyz--")
    answer = client.post("/", data=body, content_type="multipart/form-data; boundary=xyz")
    assert answer.data == content


def test_names_with_escapes_are_read_back(show, client):
    # R61
    body = parts(('name="a%22%0D%0Ab"', "1"), ('name="up"; filename="a%22.txt"', ""))
    answer = client.post("/show", data=body, content_type=MULTIPART).json
    assert (answer["form"], answer["files"]) == ([['a"\r\nb', "1"]], [["up", 'a".txt']])


# Broken forms


BROKEN = {
    "no boundary": ("multipart/form-data", parts(('name="a"', "1")), "has no boundary"),
    "wrong boundary": (
        "multipart/form-data; boundary=y",
        parts(('name="a"', "1")),
        "not in its body",
    ),
    "cut off": (MULTIPART, parts(('name="a"', "1"))[:-5], "is truncated in part 1"),
    "no name": (MULTIPART, parts(("x=y", "1")), "Part 1 of the multipart form has no name"),
}


@pytest.mark.parametrize("way", ["form", "files", "values", "data"])
@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("debug", [True, False])
def test_a_broken_multipart_form_is_a_400_with_the_reason(app, client, case, way, debug):
    # R61
    @app.post("/")
    def index():
        return repr(getattr(retort.request, way))

    app.debug, app.config["PROPAGATE_EXCEPTIONS"] = debug, False
    content_type, body, says = BROKEN[case]
    answer = client.post("/", data=body, content_type=content_type)
    assert answer.status_code == 400
    assert says in answer.text


def test_the_fix_is_shown_in_debug_mode_only(app, client):
    # R61
    @app.post("/")
    def index():
        return retort.request.form

    def text():
        content_type, body, _ = BROKEN["no boundary"]
        return client.post("/", data=body, content_type=content_type).text

    assert "FormData" not in text()
    app.debug = True
    assert "set no Content-Type yourself" in text()


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_form_does_not_look_empty_at_the_second_access(app, case):
    content_type, body, _ = BROKEN[case]
    with app.test_request_context(
        "/", method="POST", data=body, environ_overrides={"CONTENT_TYPE": content_type}
    ):
        for _ in range(3):
            with pytest.raises(BadRequest):
                retort.request.form  # noqa: B018
            with pytest.raises(BadRequest):
                retort.request.files  # noqa: B018


def test_files_of_a_form_that_breaks_off_are_closed(app, client):
    opened = []

    class Request(retort.Request):
        def _get_file_stream(self, *args, **kwargs):
            opened.append(io.BytesIO())
            return opened[-1]

    app.request_class = Request

    @app.post("/")
    def index():
        return retort.request.form

    # A short body is read before the first file is made.
    body = parts(('name="a"; filename="a"', "1"), ('name="b"; filename="b"', "2" * 2_500_000))[:-8]
    assert client.post("/", data=body, content_type=MULTIPART).status_code == 400
    assert [stream.closed for stream in opened] == [True, True]


def test_an_empty_body_is_an_empty_form(show, client):
    for content_type in ("multipart/form-data", MULTIPART, URLENCODED):
        answer = client.post(
            "/show", environ_overrides={"CONTENT_TYPE": content_type, "CONTENT_LENGTH": "0"}
        )
        assert answer.json["form"] == []


# The parser


def test_a_parser_of_the_programs_own_wins(app, client):
    class Upper(FormDataParser):
        def parse(self, stream, mimetype, content_length, options=None):
            return stream, self.cls({"body": stream.read().decode().upper()}), self.cls()

    class Request(retort.Request):
        form_data_parser_class = Upper

    app.request_class = Request

    @app.post("/")
    def index():
        return retort.request.form

    assert client.post("/", data="x", content_type="text/own").json == {"body": "X"}


def test_a_custom_stream_factory_is_called_with_all_arguments(app, client):
    asked = []

    class Request(retort.Request):
        def _get_file_stream(
            self, total_content_length, content_type, filename=None, content_length=None
        ):
            asked.append((total_content_length, content_type, filename, content_length))
            return io.BytesIO()

    app.request_class = Request

    @app.post("/")
    def index():
        return retort.request.files["a"].read()

    body = parts(('name="a"; filename="f"\r\nContent-Type: a/b\r\nContent-Length: 3', "abc"))
    assert client.post("/", data=body, content_type=MULTIPART).text == "abc"
    assert asked == [(len(body), "a/b", "f", 3)]


def test_a_parser_made_by_hand_reads_forms_too():
    body = b"a=1&b=2"
    stream, form, files = FormParser(cls=MultiDict).parse(io.BytesIO(body), URLENCODED, 7)
    assert (stream.read(), form, files) == (b"", MultiDict({"a": "1", "b": "2"}), MultiDict())
    assert FormParser().parse(io.BytesIO(b"x"), "text/plain", 1)[0].read() == b"x"


# Limits


@pytest.mark.parametrize(("cls", "held"), [(retort.Flask, False), (retort.Retort, True)])
def test_limits_of_forms_hold_for_urlencoded_ones_in_retort(cls, held):
    app = cls("limits")
    app.config.update(MAX_FORM_MEMORY_SIZE=20, MAX_FORM_PARTS=2)

    @app.post("/")
    def index():
        return retort.request.form.to_dict()

    def status(body, content_type=URLENCODED):
        return app.test_client().post("/", data=body, content_type=content_type).status_code

    refused = 413 if held else 200
    assert status(b"a=" + b"x" * 18) == 200
    assert status(b"a=" + b"x" * 19) == refused
    assert status(b"a=1&b=2") == 200
    assert status(b"a=1&b=2&c=3") == refused
    assert status(parts(('name="a"', "x" * 20)), MULTIPART) == 200
    assert status(parts(('name="a"', "x" * 21)), MULTIPART) == 413
    assert status(parts(('name="a"', "1"), ('name="b"', "2")), MULTIPART) == 200
    assert status(parts(*[('name="a"', "1")] * 3), MULTIPART) == 413


def test_no_limit_is_no_limit(app, client):
    app.config.update(MAX_FORM_MEMORY_SIZE=None, MAX_FORM_PARTS=None, LIMIT_URLENCODED_FORMS=True)

    @app.post("/")
    def index():
        return str(len(retort.request.form["a"]))

    text = "x" * 600_000
    for content_type, body in ((URLENCODED, f"a={text}"), (MULTIPART, parts(('name="a"', text)))):
        answer = client.post("/", data=body, content_type=content_type)
        assert answer.text == "600000"


# Forms that are none


def test_a_form_as_plain_text_is_empty_and_hinted_at(show, client, hints):
    # R62
    for _ in range(2):
        answer = client.post("/show", data="nm=Ada\r\n", content_type="text/plain")
        assert answer.json["form"] == []
    assert len(hints()) == 1
    assert "enctype=text/plain" in hints()[0]


def test_plain_text_that_is_read_as_such_is_no_reason_for_a_hint(app, client, hints):
    @app.post("/")
    def index():
        return retort.request.data + retort.request.get_data()

    assert client.post("/", data="text", content_type="text/plain").text == "texttext"
    assert hints() == []


@pytest.mark.parametrize(
    "look", [lambda f: f.get("up"), lambda f: "up" in f, lambda f: f.getlist("up")]
)
def test_a_file_field_without_multipart_is_hinted_at_where_nothing_is_raised(
    app, client, hints, look
):
    # R63
    @app.post("/")
    def index():
        return [look(retort.request.files) or None]

    for _ in range(2):
        assert client.post("/", data={"up": "holiday.jpg"}).json == [None]
    assert len(hints()) == 1
    assert 'enctype="multipart/form-data"' in hints()[0]
    assert client.post("/", data={"other": "1"}).json == [None]
    assert len(hints()) == 1


def test_a_file_field_without_multipart_is_a_clear_error_in_debug_mode(app, client):
    # R63
    app.debug = True

    @app.post("/")
    def index():
        return retort.request.files["up"].filename

    with pytest.raises(KeyError, match="multipart/form-data"):
        client.post("/", data={"up": "holiday.jpg"})


# Bodies of GET


@pytest.mark.parametrize(("cls", "form"), [(retort.Flask, [["a", "1"]]), (retort.Retort, [])])
def test_the_body_of_a_get_is_a_form_in_flask_alone(cls, form):
    # R14
    app = cls("get")

    @app.get("/")
    def index():
        return {
            "form": list(retort.request.form.items()),
            "files": list(retort.request.files),
            "data": retort.request.get_data(as_text=True),
        }

    answer = app.test_client().get("/", data=b"a=1", content_type=URLENCODED)
    assert answer.status_code == 200
    assert answer.json["form"] == form
    assert answer.json["data"] == ("" if form else "a=1")  # it is available on access
    app.config["FORM_FROM_GET_BODY"] = True
    answer = app.test_client().get("/", data=b"a=1", content_type=URLENCODED)
    assert answer.json["form"] == [["a", "1"]]


def test_the_body_of_a_head_is_none_either():
    # R14
    seen = []
    app = retort.Retort("head")

    @app.get("/")
    def index():
        seen.append((dict(retort.request.form), retort.request.get_data()))
        return ""

    app.test_client().head("/", data=b"a=1", content_type=URLENCODED)
    assert seen == [({}, b"a=1")]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "QUERY"])
def test_bodies_of_other_methods_are_forms_in_retort_too(method):
    # R14, R26
    app = retort.Retort("others")

    @app.route("/", methods=[method])
    def index():
        return {**retort.request.form, **retort.request.args}

    answer = app.test_client().open("/?q=2", method=method, data=b"a=1", content_type=URLENCODED)
    assert answer.json == {"a": "1", "q": "2"}


def test_a_get_whose_form_is_left_out_is_hinted_at(show, app, client, hints):
    # R14
    app.config["FORM_FROM_GET_BODY"] = False
    client.get("/show", data=b"a=1", content_type=URLENCODED)
    client.get("/show?a=1")
    assert len(hints()) == 1
    assert "FORM_FROM_GET_BODY" in hints()[0]


def test_json_in_the_body_of_a_get_is_read_in_retort():
    app = retort.Retort("json")

    @app.get("/")
    def index():
        return {"it": retort.request.get_json()}

    assert app.test_client().get("/", json=[1]).json == {"it": [1]}


# _method


@pytest.fixture
def items(app):
    """A URL with several methods; each view returns its name."""
    app.config["METHOD_OVERRIDE"] = True

    def view(**kwargs):
        return f"{retort.request.method} {retort.request.form.get('x', '-')}"

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        app.add_url_rule("/item", f"item_{method}", view, methods=[method])
    app.add_url_rule("/no-post", "no_post", view, methods=["DELETE"])
    app.add_url_rule("/posts", "posts", view, methods=["POST"])
    return app


def test_the_override_is_off_by_default():
    # R19
    assert not retort.Flask.default_config["METHOD_OVERRIDE"]
    assert not retort.Retort.default_config["METHOD_OVERRIDE"]


@pytest.mark.parametrize("content_type", [URLENCODED, "multipart/form-data"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "delete", "Put"])
def test_a_form_may_name_the_method_of_its_post(items, client, method, content_type):
    # R19
    answer = client.post("/item", data={"_method": method, "x": "1"}, content_type=content_type)
    assert answer.text == f"{method.upper()} 1"


def test_a_form_may_name_a_method_where_nothing_takes_post(items, client):
    # R19
    assert client.post("/no-post", data={"_method": "DELETE"}).text == "DELETE -"
    answer = client.post("/no-post", data={"x": "1"})
    assert answer.status_code == 405
    assert set(answer.allow) == {"DELETE", "OPTIONS"}


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PURGE", "CONNECT", "", "DEL", "DELETE "]
)
def test_no_other_method_may_be_named(items, client, method):
    # R19
    assert client.post("/item", data={"_method": method, "x": "1"}).text == "POST 1"


def test_a_method_that_the_url_does_not_take_is_405(items, client):
    # R19
    answer = client.post("/no-post", data={"_method": "PUT"})
    assert (answer.status_code, set(answer.allow)) == (405, {"DELETE", "OPTIONS"})


def test_the_query_never_names_the_method(items, client):
    # R19
    assert client.post("/item?_method=DELETE", data={"x": "1"}).text == "POST 1"
    assert client.get("/item?_method=DELETE").text == "GET -"


def test_only_a_post_is_overridden(items, client):
    # R19
    for method in ("PUT", "PATCH", "GET"):
        answer = client.open("/item", method=method, data={"_method": "DELETE"})
        assert answer.text.startswith(method)


def test_only_a_form_names_the_method(items, client):
    # R19
    assert client.post("/item", json={"_method": "DELETE"}).text == "POST -"
    answer = client.post("/item", data="_method=DELETE", content_type="text/plain")
    assert answer.text == "POST -"


def test_nothing_is_overridden_while_it_is_off(items, app, client):
    # R19
    app.config["METHOD_OVERRIDE"] = False
    assert client.post("/item", data={"_method": "DELETE", "x": "1"}).text == "POST 1"


def test_a_url_that_takes_none_of_these_methods_reads_its_body_itself(items, app, client):
    # R19: an upload is not read before its view
    @app.post("/upload")
    def upload():
        return [part.name for part in retort.request.iter_parts()]

    body = parts(('name="_method"', "DELETE"), ('name="b"', "2"))
    assert client.post("/upload", data=body, content_type=MULTIPART).json == ["_method", "b"]
    assert client.post("/posts", data={"_method": "DELETE"}).text == "POST -"


def test_the_bytes_of_the_form_are_there_for_a_signature(items, app, client):
    app.add_url_rule(
        "/signed", "signed", lambda: retort.request.get_data(), methods=["POST", "DELETE"]
    )
    assert client.post("/signed", data={"x": "1"}).data == b"x=1"


def test_hooks_and_the_view_receive_the_override_method(items, app, client):
    # R19
    seen = []

    @app.before_request
    def note():
        request = retort.request
        seen.append((request.method, request.endpoint, request.environ["REQUEST_METHOD"]))

    client.post("/item", data={"_method": "PUT"})
    assert seen == [("PUT", "item_PUT", "POST")]


def test_a_broken_form_is_reported_without_a_method_override(items, client):
    content_type, body, says = BROKEN["cut off"]
    answer = client.post("/item", data=body, content_type=content_type)
    assert answer.status_code == 400
    assert says in answer.text


def test_a_redirect_for_a_slash_comes_before_the_override(items, app, client):
    app.add_url_rule("/slash/", "slash", lambda: retort.request.method, methods=["DELETE"])
    answer = client.post("/slash", data={"_method": "DELETE"})
    assert (answer.status_code, answer.location) == (308, "http://localhost/slash/")
    assert client.post("/slash/", data={"_method": "DELETE"}).text == "DELETE"


CROSS = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}


@pytest.mark.parametrize("url", ["/item", "/no-post"])
def test_another_site_cannot_send_a_method_by_its_form(items, app, client, url):
    # R19, R47: the POST is refused as it is sent
    app.config["CROSS_ORIGIN_PROTECTION"] = True
    answer = client.post(url, data={"_method": "DELETE"}, headers=CROSS)
    assert answer.status_code == 403
    assert client.post(url, data={"_method": "DELETE"}).text == "DELETE -"


def test_a_view_that_takes_posts_from_anywhere_lets_in_no_other_method(app, client):
    # R19, R47: the exemption is for POST, not for the view of the override method
    app.config.update(METHOD_OVERRIDE=True, CROSS_ORIGIN_PROTECTION=True)

    @app.post("/hook")
    @retort.cross_origin_exempt
    def hook():
        return "took POST"

    @app.delete("/hook")
    def forget():
        return "took DELETE"

    assert client.post("/hook", data={"x": "1"}, headers=CROSS).text == "took POST"
    assert client.post("/hook", data={"_method": "DELETE"}, headers=CROSS).status_code == 403
    assert client.post("/hook", data={"_method": "DELETE"}).text == "took DELETE"
