"""The debugger around an application: what it explains, in which form, and what it leaves alone."""

import builtins
import json
import re
import threading

import pytest
import werkzeug.test
from markupsafe import Markup
from werkzeug.exceptions import BadRequest, abort

import retort
from retort.devtools import with_debugger
from retort.devtools.redaction import NOT_SHOWN, REDACTED, Budget
from retort.devtools.warnings import watch

SCRIPT = "<script>alert(1)</script>"
SECRET = "hunter2"  # not written out where a page shows the source
NAME = "Ada"


@pytest.fixture(autouse=True)
def quiet(capfd):
    yield
    capfd.readouterr()  # tracebacks are printed, too


def visible(html):
    """The text of a page, without the fonts of its parts."""
    return Markup(html).striptags()


# Forms


def test_a_browser_gets_a_page_a_terminal_text_and_a_program_problem_details(app, reader):
    @app.post("/login")
    def login():
        return "welcome"

    html = reader.get("/login")
    text = reader.get("/login", headers={"Accept": "*/*"})
    problem = reader.get("/login", headers={"Accept": "application/json"})

    for answer in (html, text, problem):
        assert answer.status == "405 METHOD NOT ALLOWED"
        assert answer.allow.as_set() == {"post", "options"}
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Vary"] == "Accept"
    assert html.mimetype == "text/html"
    assert text.content_type == "text/plain; charset=utf-8"
    assert text.text.startswith("405 Method Not Allowed\n\n")
    assert re.search(r"/login +POST, OPTIONS  login  ", text.text)
    assert problem.mimetype == "application/problem+json"
    members = json.loads(problem.data)
    assert (members["type"], members["title"]) == ("about:blank", "Method Not Allowed")
    assert (members["status"], members["instance"]) == (405, "/login")
    assert members["routes"][0]["rule"] == "/login"
    for sentence in (visible(html.text), text.text):
        assert members["detail"] in sentence


def test_the_log_has_the_sentence_of_the_page(app, reader, caplog):
    @app.post("/login")
    def login():
        return app.redirect("/")

    members = reader.get("/login", headers={"Accept": "application/json"}).json

    assert [record.getMessage() for record in caplog.records if record.name == "shop"] == [
        members["detail"]
    ]
    assert caplog.records[-1].levelname == "WARNING"


def test_what_browsers_look_for_on_their_own_is_not_logged(reader, caplog):
    assert reader.get("/favicon.ico").status_code == 404

    assert caplog.records == []


def test_every_form_of_an_exception_has_its_line(app, reader):
    @app.get("/")
    def index():
        return 1 / 0

    problem = reader.get("/", headers={"Accept": "application/problem+json"})
    text = reader.get("/", headers={"Accept": "text/plain"}).text

    assert problem.status_code == 500
    assert problem.json["detail"] == "ZeroDivisionError: division by zero"
    assert problem.json["exception"] == "ZeroDivisionError"
    assert problem.json["place"]["source"] == "return 1 / 0"
    assert problem.json["place"]["function"] == "index"
    assert problem.json["traceback"][0] == "Traceback (most recent call last):"
    assert "test_layer.py, line " in text
    assert "    return 1 / 0\n" in text


def test_the_traceback_begins_with_the_program_and_is_printed_so_as_well(app, reader, capfd):
    @app.get("/")
    def index():
        return 1 / 0

    lines = reader.get("/", headers={"Accept": "application/json"}).json["traceback"]
    printed = capfd.readouterr().err

    assert lines[1].endswith(", in index")
    assert "wsgi_app" not in printed
    assert printed.rstrip().endswith("ZeroDivisionError: division by zero")


def test_the_traceback_of_what_is_not_the_programs_is_whole(app, reader):
    app.add_url_rule("/", "index", json.loads, defaults={"s": "["})

    lines = reader.get("/", headers={"Accept": "application/json"}).json["traceback"]

    assert any("wsgi_app" in line for line in lines)


def test_what_the_program_was_warned_of_before_is_on_its_pages_once(app, reader, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)  # `watch` replaces it

    @app.get("/hello/<name>")
    def hello(name):
        return f"welcome {name}"

    @app.get("/boom")
    def boom():
        return 1 / 0

    watch(app)
    assert "Noticed before" not in reader.get("/nope").text
    for name in ("<b>Ada", "<b>Bob"):
        assert reader.get(f"/hello/{name}").text == f"welcome {name}"

    says = "hello() put text from the URL into its HTML unescaped"
    for path in ("/nope", "/boom"):
        html = reader.get(path).text
        assert visible(html).count("Noticed before, while the program ran") == 1
        assert visible(html).count(says) == 1
        assert "&lt;script&gt;" in html
        text = reader.get(path, headers={"Accept": "*/*"}).text
        assert f"Noticed before, while the program ran:\n  {says}" in text
        [warning] = reader.get(path, headers={"Accept": "application/json"}).json["warnings"]
        assert warning.startswith(says)
        assert warning.endswith("Write escape(name), with 'from markupsafe import escape'.")


def test_head_gets_the_headers_of_the_page_and_no_body(app, reader):
    asked = {"headers": {"Accept": "application/json"}}

    page, head = reader.get("/nope", **asked), reader.head("/nope", **asked)

    assert (head.status_code, head.data) == (404, b"")
    assert head.headers["Content-Length"] == str(len(page.data))
    assert head.mimetype == "application/problem+json"


# True statuses


def test_a_missing_field_is_a_bad_request_in_debug_mode_too(app, reader):
    @app.post("/login")
    def login():
        return retort.request.form["nm"]

    answer = reader.post("/login", data={"name": "Ada"})

    assert answer.status == "400 Bad Request"
    assert "nm" in answer.text
    assert "your code" in answer.text


def test_a_file_that_is_looked_for_in_a_form_without_files_is_a_bad_request(app, reader):
    @app.post("/up")
    def up():
        return retort.request.files["photo"]

    answer = reader.post("/up", data={"photo": "a.png"})

    assert answer.status_code == 400
    assert "multipart/form-data" in answer.text


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 410, 413, 415, 418, 429, 500, 503])
def test_an_error_by_abort_keeps_its_status_and_shows_its_line(app, reader, code):
    @app.get("/")
    def index():
        abort(code)

    answer = reader.get("/")

    assert answer.status_code == code
    assert "abort(code)" in answer.text
    assert "test_layer.py" in answer.text


def test_headers_that_hooks_add_stay_and_those_of_the_old_body_go(app, reader):
    @app.after_request
    def mark(response):
        response.headers["X-Shop"] = "yes"
        response.headers["ETag"] = '"old"'
        response.headers["Content-Security-Policy"] = "default-src *"
        response.set_cookie("seen", "1")
        return response

    answer = reader.get("/nope")

    assert answer.headers["X-Shop"] == "yes"
    assert "seen=1" in answer.headers["Set-Cookie"]
    assert "ETag" not in answer.headers
    assert answer.headers.getlist("Content-Security-Policy") == [
        answer.headers["Content-Security-Policy"]
    ]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


# Error responses of the program


def test_the_programs_own_handler_wins(app, reader):
    @app.errorhandler(404)
    def own(error):
        return "my page", 404

    @app.errorhandler(ZeroDivisionError)
    def sorry(error):
        return "sorry", 500

    @app.get("/boom")
    def boom():
        return 1 / 0

    assert reader.get("/nope").text == "my page"
    assert reader.get("/boom").text == "sorry"


def test_a_response_that_a_view_returns_is_not_changed(app, reader):
    @app.get("/")
    def index():
        return "nothing here", 404

    assert (reader.get("/").status_code, reader.get("/").text) == (404, "nothing here")


def test_a_page_that_a_hook_rewrote_is_not_changed(app, reader):
    @app.after_request
    def own(response):
        response.set_data("short")
        return response

    assert reader.get("/nope").text == "short"


def test_an_exception_with_a_response_of_its_own_is_not_changed(app, reader):
    @app.get("/")
    def index():
        abort(retort.Response("mine", 402))

    assert (reader.get("/").status_code, reader.get("/").text) == (402, "mine")


def test_an_error_caught_by_the_view_is_not_changed(app, reader):
    @app.get("/")
    def index():
        try:
            abort(404)
        except Exception:
            return "caught", 404

    assert reader.get("/").text == "caught"


def test_a_redirect_to_the_canonical_address_is_not_changed(app, reader):
    @app.get("/list/")
    def list_all():
        return "all"

    assert reader.get("/list").status_code == 308
    assert "Redirecting" in reader.get("/list").text


def test_a_response_in_pieces_is_passed_on_piece_by_piece(app, reader):
    @app.get("/")
    def index():
        return iter(["one ", "two"])

    assert reader.get("/").text == "one two"


def test_the_test_client_of_the_application_gets_flasks_short_pages(app):
    answer = app.test_client().get("/nope", headers={"Accept": "text/html"})

    assert answer.data.startswith(b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>")


def test_an_application_without_context_is_explained_too(reader_of):
    def broken(environ, start_response):
        raise RuntimeError("in the middleware")

    answer = reader_of(broken).get("/")

    assert answer.status_code == 500
    assert "in the middleware" in answer.text


# Escaping


def test_nothing_that_a_visitor_sends_is_markup_in_the_page(app, reader):
    @app.route("/<path:rest>", methods=["GET", "POST"])
    def index(rest):
        local = retort.request.form["x"]
        raise ValueError(local + rest)

    answer = reader.post(
        f"/{SCRIPT}",
        query_string={SCRIPT: SCRIPT},
        data={"x": SCRIPT, SCRIPT: SCRIPT},
        headers={"Accept": "text/html", "X-Shop": SCRIPT, "Cookie": f"a={SCRIPT}"},
    )

    assert answer.status_code == 500
    assert "alert(1)" in answer.text
    assert "<script>" not in answer.text
    assert answer.text.count("<script ") == 1


@pytest.mark.parametrize(
    "path", [f"/{SCRIPT}", "/\"'><img src=x>", "/%3Cscript%3E", "/{{7*7}}", "/\ud800", "/\x00\x1b"]
)
def test_a_strange_path_is_text_in_the_page(reader, path):
    answer = reader.get(path.encode("utf-8", "surrogatepass").decode("latin-1"))

    assert answer.status_code == 404
    assert "<script>" not in answer.text
    assert "<img" not in answer.text


def test_half_of_a_surrogate_pair_in_a_message_does_not_break_the_page(app, reader):
    @app.get("/")
    def index():
        raise ValueError("a name with \udc80")

    for accept in ("text/html", "*/*", "application/json"):
        assert reader.get("/", headers={"Accept": accept}).status_code == 500


def test_a_description_in_markup_is_shown_as_text(app, reader):
    @app.get("/")
    def index():
        raise BadRequest(SCRIPT)

    assert "<script>" not in reader.get("/").text


# Policy


def test_the_page_allows_its_own_style_and_script_and_nothing_else(reader):
    answer, other = reader.get("/nope"), reader.get("/nope")

    policy = dict(
        rule.strip().split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == "'self'"
    nonce = policy["script-src"].removeprefix("'nonce-").removesuffix("'")
    assert policy["style-src"] == f"'nonce-{nonce}'"
    assert answer.text.count(f'nonce="{nonce}"') == 2
    assert nonce not in other.text
    assert "http" not in answer.text.replace("http://localhost/nope", "")
    assert " style=" not in answer.text
    assert " onclick" not in answer.text


# Exceptions


def test_the_programs_lines_come_before_those_of_libraries(app, reader):
    @app.get("/")
    def index():
        return json.loads("{")

    page = reader.get("/").text

    assert page.index("your code") < page.index("lines of libraries")
    assert page.index('class="line current"') < page.index("json/decoder.py")


def test_values_are_shown_to_a_reader_at_this_machine_without_secrets(app, reader):
    @app.get("/")
    def index():
        colour, password = "green", str(SECRET)
        settings = {"token": password, "size": 7}
        raise ValueError(colour, len(password), len(settings))

    page = reader.get("/").text

    assert "&#39;green&#39;" in page
    assert "&#39;size&#39;: 7" in page
    assert REDACTED in page
    assert SECRET not in page


@pytest.mark.parametrize(
    "overrides", [{"REMOTE_ADDR": "192.0.2.7"}, {"HTTP_HOST": "rebound.example"}]
)
def test_values_are_not_shown_to_others(app, reader, overrides):
    @app.get("/")
    def index():
        colour = "gre" + "en"
        raise ValueError(len(colour))

    page = reader.get("/", environ_overrides=overrides).text

    assert "raise ValueError(len(colour))" in page
    assert "&#39;green&#39;" not in page
    assert "Variables" not in page


def test_the_request_is_shown_with_its_secrets_masked(app, reader):
    @app.post("/")
    def index():
        raise ValueError(retort.request.form.get("nm"))

    reader.set_cookie("session", SECRET)
    reader.set_cookie("colour", SECRET)
    page = reader.post(
        f"/?q=shoes&token={SECRET}",
        data={"nm": NAME, "password": SECRET},
        headers={
            "Accept": "text/html",
            "Authorization": f"Bearer {SECRET}",
            "Referer": f"http://localhost/?token={SECRET}",
        },
    ).text

    assert SECRET not in page
    assert "?q=shoes&amp;token=" in page
    assert f"<dd>{NAME}</dd>" in page
    assert "colour" in page


def test_a_chain_of_exceptions_is_shown_from_its_end(app, reader):
    @app.get("/")
    def index():
        try:
            {}["missing"]
        except KeyError as error:
            raise ValueError("not in stock") from error

    page = reader.get("/").text

    messages = re.findall(r"<h3.*?</h3>", page)
    assert len(messages) == 2
    assert "ValueError: not in stock" in visible(messages[0])
    assert "caused by" in messages[1]
    assert "KeyError: 'missing'" in visible(messages[1])


def test_an_exception_in_an_async_view_has_its_line(app, reader):
    @app.get("/")
    async def index():
        raise ValueError("while awaiting")

    page = reader.get("/").text

    assert "while awaiting" in page
    assert page.index("test_layer.py") < page.index("of libraries")


def test_an_endless_recursion_is_shown_in_a_page_of_ordinary_size(app, reader):
    def again(number):
        return again(number + 1)

    @app.get("/")
    def index():
        return again(0)

    answer = reader.get("/")

    assert answer.status_code == 500
    assert "more lines of your program" in answer.text
    assert len(answer.data) < 500_000


def test_a_mistake_in_a_template_shows_the_templates_line(app, reader, tmp_path):
    (tmp_path / "page.html").write_text("<p>\n{{ nothing.at.all }}\n")
    (tmp_path / "broken.html").write_text("<p>\n{% if %}\n")
    app.template_folder = tmp_path

    @app.get("/<name>")
    def show(name):
        return retort.render_template(name)

    for name, line in (("page.html", "{{ nothing.at.all }}"), ("broken.html", "{% if %}")):
        page = reader.get(f"/{name}")
        assert page.status_code == 500
        assert f"{name}:2" in page.text
        assert line in page.text


def test_a_mistake_in_a_template_without_a_file_shows_its_line(app, reader):
    @app.get("/")
    def show():
        return retort.render_template_string("one\n{% if %}\n")

    assert "{% if %}" in reader.get("/").text


def test_a_module_with_a_syntax_error_that_a_view_imports_shows_the_line(
    app, reader, tmp_path, monkeypatch
):
    (tmp_path / "halffinished.py").write_text("x = 1\ndef f(\n")
    monkeypatch.syspath_prepend(tmp_path)

    @app.get("/")
    def index():
        import halffinished

        return halffinished.x

    page = reader.get("/").text

    assert "halffinished.py:2" in page
    assert "def f(" in page


def test_an_error_before_the_first_piece_is_a_page(app):
    @app.get("/")
    def index():
        def pieces():
            raise ValueError("at once")
            yield "never"

        return pieces()

    begun = []

    def start_response(status, headers, exc_info=None):
        begun.append((status, exc_info is None))

    environ = werkzeug.test.EnvironBuilder("/").get_environ()
    body = b"".join(with_debugger(app, console=True)(environ, start_response))

    assert begun == [("200 OK", True), ("500 Internal Server Error", False)]
    assert b"ValueError: at once" in body


def test_an_error_after_the_first_piece_goes_to_the_log_and_breaks_the_response_off(
    app, reader, capfd
):
    @app.get("/")
    def index():
        def pieces():
            yield "one "
            raise ValueError("half way")

        return pieces()

    with pytest.raises(ValueError, match="half way"):
        _ = reader.get("/").data

    assert "The response had started" in capfd.readouterr().err


class Hostile(Exception):
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


def test_an_exception_that_cannot_be_shown_does_not_break_the_page(app, reader):
    @app.get("/")
    def index():
        raise Hostile

    answer = reader.get("/")

    assert answer.status_code == 500
    assert "Hostile" in answer.text


def test_a_form_that_was_not_read_is_read_for_the_page_only_if_it_is_small(app, reader):
    @app.post("/")
    def index():
        raise ValueError

    assert NAME in reader.post("/", data={"nm": NAME}).text
    assert NAME not in reader.post("/", data={"nm": NAME, "rest": "x" * 100_000}).text


# Secrets by their form


FORMS_OF_SECRETS = (
    f"postgres://ada:{SECRET}@db/shop",
    f"redis://:{SECRET}@cache",
    f"mysql://ada:{SECRET}%40x@db",
    f"Bearer {SECRET}",
    "Basic " + "aHVudGVyMjpodW50ZXIy",
    f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----",
)


@pytest.mark.parametrize("accept", ["text/html", "*/*", "application/json"])
@pytest.mark.parametrize("form", FORMS_OF_SECRETS)
def test_a_secret_by_its_form_is_in_no_page_wherever_it_stands(app, reader, form, accept, capfd):
    app.config["SQLALCHEMY_DATABASE_URI"] = form

    @app.get("/")
    def index():
        first, environ, config = [form], retort.request.environ, dict(app.config)
        try:
            raise LookupError(f"no answer from {first[0]}")
        except LookupError as error:
            raise ValueError(f"{first[0]}: {len(environ)} {len(config)}") from error

    line = form.replace("\n", " ")
    answer = reader.get("/", query_string={"next": form}, headers={"Accept": accept, "X-Db": line})

    secret = form.rpartition(" ")[2] if form.startswith("Basic") else SECRET
    assert answer.status_code == 500
    assert secret not in answer.text
    assert REDACTED in answer.text or "\\u2022" in answer.text
    assert form in capfd.readouterr().err  # the terminal has the traceback as Python prints it


def test_a_secret_in_a_line_of_source_is_masked_in_the_page(app, reader):
    @app.get("/")
    def index():
        uri = "postgres://ada:written-out@db/shop"  # the page shows this line
        raise ValueError(len(uri))

    for accept in ("text/html", "*/*"):
        # In two parts: the page shows these lines, too.
        assert "written" + "-out" not in (text := reader.get("/", headers={"Accept": accept}).text)
        assert "raise ValueError(len(uri))" in text


def test_an_expression_after_a_secret_name_stays_in_the_source(app, reader):
    @app.get("/")
    def index():
        password = len(retort.request.environ) // 0
        return str(password)

    for accept in ("text/html", "*/*"):
        text = reader.get("/", headers={"Accept": accept}).text
        assert "password = len(retort.request.environ) // 0" in text


def test_a_secret_in_a_group_of_exceptions_is_masked(app, reader):
    group = getattr(builtins, "ExceptionGroup", None)
    if group is None:
        pytest.skip("another Python: 3.10 has no groups")

    @app.get("/")
    def index():
        raise group("two", [ValueError(f"password={SECRET}"), KeyError("fine")])

    for accept in ("text/html", "*/*"):
        assert SECRET not in reader.get("/", headers={"Accept": accept}).text


def test_values_are_replaced_by_a_note_when_the_time_of_the_page_is_over(app, reader, monkeypatch):
    monkeypatch.setattr(Budget, "is_spent", True)

    @app.get("/")
    def index():
        colour = "gre" + "en"
        raise ValueError(len(colour))

    answer = reader.get("/", query_string={"q": NAME}, headers={"Accept": "text/html", "X-Y": "no"})

    assert answer.status_code == 500
    assert "&#39;green&#39;" not in answer.text
    assert NOT_SHOWN in answer.text
    assert f"<dd>{NAME}</dd>" not in answer.text


def test_the_record_of_a_trial_has_no_secret_in_its_headers(app, reader):
    app.add_url_rule("/", "index", lambda: "fine")

    record = reader.get("/", headers={"Retort-Trial": "1", "X-Db": f"redis://:{SECRET}@h"}).json

    assert SECRET not in record["request"]


# Links into the editor


@pytest.fixture
def editor(monkeypatch):
    monkeypatch.setenv("RETORT_EDITOR", "vscode://file/{path}:{line}")


@pytest.mark.usefixtures("editor")
def test_frames_advice_and_routes_link_to_the_editor(app, reader):
    @app.get("/boom")
    def boom():
        return 1 / 0

    @app.post("/login")
    def login():
        return "welcome"

    first = boom.__code__.co_firstlineno
    address = f'href="vscode://file/{__file__}'
    assert f'{address}:{first + 2}">Open in the editor</a>' in reader.get("/boom").text
    page = reader.get("/login").text
    assert page.count(f'{address}:{login.__code__.co_firstlineno}"') == 2  # the place, the route


@pytest.mark.usefixtures("editor")
@pytest.mark.parametrize(
    "overrides", [{"REMOTE_ADDR": "192.0.2.7"}, {"HTTP_X_FORWARDED_FOR": "192.0.2.7"}]
)
def test_others_get_no_link_and_no_path_of_an_editor(app, reader, overrides):
    app.add_url_rule("/boom", "boom", lambda: 1 / 0)

    page = reader.get("/boom", environ_overrides=overrides).text

    assert 'href="vscode' not in page


def test_without_the_variable_there_are_no_links(app, reader, monkeypatch):
    monkeypatch.delenv("RETORT_EDITOR", raising=False)
    app.add_url_rule("/boom", "boom", lambda: 1 / 0)

    assert '">Open in' not in reader.get("/boom").text


def test_a_long_message_is_whole_on_the_page_and_short_in_its_headline(app, reader):
    message = "no such column: user.colour " * 20
    app.add_url_rule("/", "index", lambda: {}[message])

    page = reader.get("/").text

    headline = visible(re.search(r"<h1.*?</h1>", page)[0])
    assert len(headline) < 200
    assert message.strip() in visible(re.search(r'<p class="why message">.*?</p>', page)[0])
