import io
import os
import sys
import types
import zipfile
from datetime import datetime, timezone
from pathlib import Path

import pytest
import werkzeug.routing
import werkzeug.wrappers
from werkzeug.exceptions import Forbidden, HTTPException, NotFound, default_exceptions

import retort
from retort import (
    Flask,
    Response,
    abort,
    flash,
    get_flashed_messages,
    get_template_attribute,
    make_response,
    redirect,
    send_file,
    send_from_directory,
    session,
    url_for,
)
from retort.helpers import get_debug_flag, get_load_dotenv, get_root_path
from retort.signals import message_flashed

# Flags in the environment


@pytest.mark.parametrize(
    ("value", "is_on"),
    [
        (None, False),
        ("", False),
        ("0", False),
        ("false", False),
        ("False", False),
        ("NO", False),
        ("1", True),
        ("true", True),
        ("on", True),
        ("off", True),  # Flask reads only 0, false and no as "off".
    ],
)
def test_debug_is_on_unless_the_variable_is_false(monkeypatch, value, is_on):
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    if value is not None:
        monkeypatch.setenv("FLASK_DEBUG", value)

    assert get_debug_flag() is is_on


@pytest.mark.parametrize(
    ("value", "is_loaded"),
    [("0", True), ("false", True), ("No", True), ("1", False), ("yes", False), ("off", False)],
)
def test_dotenv_files_are_skipped_if_the_variable_is_set(monkeypatch, value, is_loaded):
    monkeypatch.setenv("FLASK_SKIP_DOTENV", value)

    assert get_load_dotenv(default=not is_loaded) is is_loaded


@pytest.mark.parametrize("value", [None, ""])
def test_dotenv_files_follow_the_default_if_the_variable_is_empty(monkeypatch, value):
    monkeypatch.delenv("FLASK_SKIP_DOTENV", raising=False)
    if value is not None:
        monkeypatch.setenv("FLASK_SKIP_DOTENV", value)

    assert get_load_dotenv() is True
    assert get_load_dotenv(False) is False


# make_response


def test_make_response_without_a_value_is_an_empty_response(app):
    with app.test_request_context():
        response = make_response()

    assert type(response) is Response
    assert response.status_code == 200
    assert response.data == b""


def test_make_response_takes_what_a_view_may_return(app):
    with app.test_request_context():
        from_text = make_response("text")
        from_parts = make_response("text", 201, {"X-Kind": "parts"})
        from_tuple = make_response(("text", 202))
        from_dict = make_response({"a": 1})

    assert from_text.data == b"text"
    assert (from_parts.status_code, from_parts.headers["X-Kind"]) == (201, "parts")
    assert from_tuple.status_code == 202
    assert from_dict.get_json() == {"a": 1}


def test_make_response_leaves_a_response_as_it_is(app):
    response = Response("ready")

    with app.test_request_context():
        assert make_response(response) is response


def test_make_response_uses_the_response_class_of_the_app():
    class OwnResponse(Response):
        default_mimetype = "text/plain"

    class OwnApp(Flask):
        response_class = OwnResponse

    with OwnApp("own").test_request_context():
        assert type(make_response()) is OwnResponse
        assert make_response("x").mimetype == "text/plain"


def test_make_response_calls_the_apps_override():
    class OwnApp(Flask):
        def make_response(self, rv):
            return Response(f"<{rv}>")

    with OwnApp("own").test_request_context():
        assert make_response("x").data == b"<x>"


def test_make_response_of_none_is_a_clear_error(app):
    with app.test_request_context(), pytest.raises(TypeError, match="return"):
        make_response(None)


def test_make_response_outside_of_an_app_is_a_clear_error():
    with pytest.raises(RuntimeError, match="application context"):
        make_response("x")


# redirect


def test_redirect_sends_the_client_to_the_location(app):
    with app.app_context():
        response = redirect("/elsewhere")

    assert type(response) is Response
    assert response.status_code == 302
    assert response.headers["Location"] == "/elsewhere"


@pytest.mark.parametrize("code", [301, 303, 307, 308])
def test_redirect_takes_another_status(app, code):
    with app.app_context():
        assert redirect("/elsewhere", code).status_code == code


def test_redirect_percent_encodes_what_a_url_cannot_hold(app, client):
    app.add_url_rule("/", view_func=lambda: redirect("/a b/é"))

    assert client.get("/").headers["Location"] == "/a%20b/%C3%A9"


def test_redirect_calls_the_apps_override():
    class OwnApp(Flask):
        def redirect(self, location, code=302):
            return super().redirect(f"/base{location}", code=code)

    with OwnApp("own").app_context():
        assert redirect("/x", code=303).headers["Location"] == "/base/x"


def test_redirect_works_without_an_app():
    response = redirect("/elsewhere")

    assert type(response) is werkzeug.wrappers.Response
    assert response.headers["Location"] == "/elsewhere"
    assert type(redirect("/elsewhere", Response=Response)) is Response


# abort


@pytest.mark.parametrize("code", sorted(default_exceptions))
def test_abort_raises_the_exception_of_the_code(app, code):
    with app.app_context(), pytest.raises(default_exceptions[code]):
        abort(code)


def test_abort_takes_a_description(app):
    with app.app_context(), pytest.raises(Forbidden) as caught:
        abort(403, "members only")

    assert caught.value.description == "members only"


def test_abort_takes_a_finished_response(app, client):
    @app.get("/")
    def index():
        abort(make_response("gone for good", 410))

    response = client.get("/")

    assert (response.status_code, response.text) == (410, "gone for good")


def test_abort_with_an_unknown_code_is_an_error(app):
    with app.app_context(), pytest.raises(LookupError, match="999"):
        abort(999)


def test_abort_works_without_an_app():
    with pytest.raises(NotFound):
        abort(404)


def test_abort_uses_the_aborter_of_the_app():
    class Teapot(HTTPException):
        code = 999
        description = "short and stout"

    app = Flask("own")
    app.aborter.mapping[999] = Teapot

    with app.app_context(), pytest.raises(Teapot):
        abort(999)


def test_abort_raises_even_if_the_aborter_of_the_app_does_not(app):
    app.aborter = lambda code, *args, **kwargs: None

    with app.app_context(), pytest.raises(NotFound):
        abort(404)


# url_for


def test_url_for_builds_the_url_of_a_view(app):
    app.add_url_rule("/user/<name>", "user", lambda name: name)

    with app.test_request_context():
        assert url_for("user", name="a b") == "/user/a%20b"
        assert url_for("user", name="x", page=2) == "/user/x?page=2"
        assert url_for("user", name="x", _anchor="top of page") == "/user/x#top%20of%20page"
        assert url_for("user", name="x", _external=True) == "http://localhost/user/x"
        assert url_for("user", name="x", _scheme="https") == "https://localhost/user/x"


def test_url_for_takes_the_rule_for_the_method(app):
    app.add_url_rule("/list", "items", lambda: "", methods=["GET"])
    app.add_url_rule("/create", "items", app.view_functions["items"], methods=["POST"])

    with app.test_request_context():
        assert url_for("items", _method="GET") == "/list"
        assert url_for("items", _method="POST") == "/create"


def test_url_for_calls_the_apps_override():
    class OwnApp(Flask):
        def url_for(self, endpoint, **values):
            return f"{endpoint}:{sorted(values)}"

    with OwnApp("own").app_context():
        assert url_for("x", y=1) == "x:['_anchor', '_external', '_method', '_scheme', 'y']"


def test_url_for_of_an_unknown_endpoint_raises_a_build_error(app):
    with app.test_request_context(), pytest.raises(werkzeug.routing.BuildError, match="nowhere"):
        url_for("nowhere")


def test_url_for_outside_of_an_app_is_a_clear_error():
    with pytest.raises(RuntimeError, match="application context"):
        url_for("x")


def test_url_for_outside_of_a_request_needs_a_server_name(app):
    app.add_url_rule("/", "index", lambda: "")

    with app.app_context(), pytest.raises(RuntimeError, match="SERVER_NAME"):
        url_for("index")

    app.config["SERVER_NAME"] = "example.com"
    with app.app_context():
        assert url_for("index") == "http://example.com/"
        assert url_for("index", _external=False) == "/"


# get_template_attribute


def test_a_macro_of_a_template_can_be_called_from_python(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "_macros.html").write_text(
        "{% macro hello(name) %}Hello {{ name }}!{% endmacro %}{% set answer = 42 %}"
    )
    app = Flask("macros", root_path=str(tmp_path))

    with app.app_context():
        assert get_template_attribute("_macros.html", "hello")("<Ada>") == "Hello &lt;Ada&gt;!"
        assert get_template_attribute("_macros.html", "answer") == 42
        with pytest.raises(AttributeError, match="missing"):
            get_template_attribute("_macros.html", "missing")


# flash


def show_messages(**options):
    return {"messages": get_flashed_messages(**options)}


@pytest.fixture
def flashing(app):
    """The app with views that flash three messages, and that show them."""

    @app.get("/flash")
    def flash_three():
        flash("saved")
        flash("too long", "error")
        flash("too wide", "error")
        return ""

    @app.get("/show")
    def show():
        return show_messages()

    @app.get("/show/pairs")
    def show_pairs():
        return show_messages(with_categories=True)

    @app.get("/show/<category>")
    def show_category(category):
        return show_messages(category_filter=[category])

    return app


def test_a_flashed_message_is_shown_by_the_next_request_and_only_once(flashing):
    client = flashing.test_client()
    client.get("/flash")

    assert client.get("/show").json == {"messages": ["saved", "too long", "too wide"]}
    assert client.get("/show").json == {"messages": []}


def test_messages_have_their_categories_with_the_option(flashing):
    client = flashing.test_client()
    client.get("/flash")

    assert client.get("/show/pairs").json == {
        "messages": [["message", "saved"], ["error", "too long"], ["error", "too wide"]]
    }


def test_messages_can_be_filtered_by_category(flashing):
    client = flashing.test_client()
    client.get("/flash")

    assert client.get("/show/error").json == {"messages": ["too long", "too wide"]}
    assert client.get("/show").json == {"messages": []}  # All were taken out.


def test_a_category_and_a_filter_go_together(app):
    with app.test_request_context():
        flash("one")
        flash("two", "error")

        pairs = get_flashed_messages(with_categories=True, category_filter=("error",))

        assert pairs == [("error", "two")]


def test_messages_can_be_read_again_in_the_same_request(app):
    with app.test_request_context():
        flash("one")

        assert get_flashed_messages() == ["one"]
        assert get_flashed_messages(category_filter=["none such"]) == []
        assert get_flashed_messages() == ["one"]
        assert "_flashes" not in session


def test_a_message_flashed_after_reading_waits_for_the_next_request(app):
    with app.test_request_context():
        flash("early")
        get_flashed_messages()
        flash("late")

        assert get_flashed_messages() == ["early"]
        assert session["_flashes"] == [("message", "late")]


def test_changing_the_list_of_messages_changes_nothing_else(app):
    with app.test_request_context():
        flash("one")

        get_flashed_messages(with_categories=True).clear()

        assert get_flashed_messages() == ["one"]


def test_flashing_into_a_session_that_has_messages_marks_it_as_changed(flashing):
    client = flashing.test_client()
    client.get("/flash")
    client.get("/flash")

    assert len(client.get("/show").json["messages"]) == 6


def test_a_signal_is_sent_for_a_flashed_message(app):
    told = []

    def listen(sender, **values):
        told.append((sender, values))

    with message_flashed.connected_to(listen), app.test_request_context():
        flash("one", "info")

    assert told == [(app, {"message": "one", "category": "info"})]


def test_flash_without_a_secret_key_is_an_error_with_the_fix():
    with Flask("keyless").test_request_context(), pytest.raises(RuntimeError, match="secret"):
        flash("lost")


def test_without_a_secret_key_there_are_no_messages():
    with Flask("keyless").test_request_context():
        assert get_flashed_messages() == []


@pytest.mark.parametrize("function", [get_flashed_messages, lambda: flash("lost")])
def test_messages_outside_of_a_request_are_an_error(app, function):
    with app.app_context(), pytest.raises(RuntimeError, match="request context"):
        function()


def test_a_redirect_carries_a_flashed_message_to_its_target(app, client):
    @app.post("/save")
    def save():
        flash("saved")
        return redirect(url_for("index"))

    @app.get("/")
    def index():
        return " ".join(get_flashed_messages())

    assert client.post("/save", follow_redirects=True).text == "saved"


# get_root_path


def test_the_root_path_of_an_imported_package_is_its_folder():
    assert get_root_path("retort") == os.path.dirname(os.path.abspath(retort.__file__))


def test_the_root_path_of_a_module_is_the_folder_it_is_in(tmp_path, monkeypatch):
    (tmp_path / "lone_module.py").write_text("raise RuntimeError('need not be imported')")
    monkeypatch.syspath_prepend(str(tmp_path))

    assert get_root_path("lone_module") == str(tmp_path)
    assert "lone_module" not in sys.modules


def test_the_root_path_of_a_relative_file_is_absolute(monkeypatch):
    module = types.ModuleType("relative")
    module.__file__ = "somewhere/relative.py"
    monkeypatch.setitem(sys.modules, "relative", module)

    assert get_root_path("relative") == os.path.abspath("somewhere")


@pytest.mark.parametrize("name", ["no_such_module", "no_such_package.module", "__nowhere__"])
def test_the_root_path_of_an_unknown_module_is_the_current_folder(name):
    assert get_root_path(name) == os.getcwd()


def test_the_root_path_of_a_module_made_by_hand_is_the_current_folder(monkeypatch):
    monkeypatch.setitem(sys.modules, "made_by_hand", types.ModuleType("made_by_hand"))

    assert get_root_path("made_by_hand") == os.getcwd()


def test_the_root_path_of_a_package_in_a_zip_is_inside_of_the_zip(tmp_path, monkeypatch):
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("zipped_package/__init__.py", "")
    monkeypatch.syspath_prepend(str(archive))

    assert get_root_path("zipped_package") == str(archive / "zipped_package")


def test_a_builtin_module_has_no_root_path_and_the_error_has_the_fix():
    with pytest.raises(RuntimeError, match=r"'sys' has no file.*root_path="):
        get_root_path("sys")


def test_a_namespace_package_has_no_root_path(tmp_path, monkeypatch):
    (tmp_path / "spread_out").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__("spread_out")

    with pytest.raises(RuntimeError, match="'spread_out' has no file"):
        get_root_path("spread_out")
    monkeypatch.delitem(sys.modules, "spread_out")


# send_file


@pytest.fixture
def files(tmp_path):
    """An app whose folder holds ``files/hello.txt`` (5 bytes) and ``secret.txt``."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "hello.txt").write_text("hello")
    (tmp_path / "secret.txt").write_text("secret")
    app = Flask("files", root_path=str(tmp_path))
    app.testing = True
    return app


def test_send_file_sends_a_file_from_the_folder_of_the_app(files):
    with files.test_request_context(), send_file("files/hello.txt") as response:
        response.direct_passthrough = False

        assert response.data == b"hello"
        assert response.mimetype == "text/plain"
        assert response.headers["Content-Length"] == "5"
        assert response.headers["Content-Disposition"] == "inline; filename=hello.txt"
        assert response.headers["Cache-Control"] == "no-cache"
        assert response.last_modified is not None
        assert response.get_etag()[0]


def test_send_file_takes_a_path_object_and_an_absolute_path(files, tmp_path):
    for path in (Path("files/hello.txt"), str(tmp_path / "files" / "hello.txt")):
        with files.test_request_context(), send_file(path) as response:
            response.direct_passthrough = False
            assert response.data == b"hello"


def test_send_file_takes_an_open_binary_file(files):
    with files.test_request_context():
        response = send_file(io.BytesIO(b"made up"), mimetype="text/x-made", max_age=4)

    assert b"".join(response.iter_encoded()) == b"made up"
    assert response.mimetype == "text/x-made"
    assert response.cache_control.max_age == 4
    assert response.cache_control.public


def test_send_file_refuses_a_text_file(files):
    with files.test_request_context(), pytest.raises(ValueError, match="binary"):
        send_file(io.StringIO("text"), mimetype="text/plain")


def test_send_file_without_a_name_needs_a_mimetype(files):
    with files.test_request_context(), pytest.raises(TypeError, match="mimetype"):
        send_file(io.BytesIO(b"x"))


def test_send_file_of_a_missing_file_is_an_os_error(files):
    with files.test_request_context(), pytest.raises(FileNotFoundError):
        send_file("files/missing.txt")


def test_send_file_as_attachment_names_the_file(files):
    with (
        files.test_request_context(),
        send_file("files/hello.txt", as_attachment=True, download_name="grüße.txt") as response,
    ):
        disposition = response.headers["Content-Disposition"]

    assert disposition.startswith("attachment;")
    assert "filename*=UTF-8''gr%C3%BC%C3%9Fe.txt" in disposition


def test_send_file_uses_the_given_time_and_entity_tag(files):
    moment = datetime(2020, 2, 2, tzinfo=timezone.utc)

    with (
        files.test_request_context(),
        send_file("files/hello.txt", last_modified=moment, etag="v7") as response,
    ):
        assert response.last_modified == moment
        assert response.get_etag() == ("v7", False)


def test_send_file_without_etag_sends_none(files):
    with files.test_request_context(), send_file("files/hello.txt", etag=False) as response:
        assert response.get_etag() == (None, None)


def test_send_file_takes_its_max_age_from_the_config(files):
    files.config["SEND_FILE_MAX_AGE_DEFAULT"] = 60

    with files.test_request_context(), send_file("files/hello.txt") as response:
        assert response.cache_control.max_age == 60


def test_send_file_calls_the_apps_get_send_file_max_age(tmp_path):
    class OwnApp(Flask):
        def get_send_file_max_age(self, filename):
            return 10 if filename.endswith(".txt") else None

    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.css").write_text("b")
    with OwnApp("own", root_path=str(tmp_path)).test_request_context():
        with send_file("a.txt") as response:
            assert response.cache_control.max_age == 10
        with send_file("b.css") as response:
            assert response.cache_control.max_age is None


def test_send_file_takes_a_function_for_the_max_age(files, tmp_path):
    asked = []

    def five(path):
        asked.append(path)
        return 5

    with files.test_request_context(), send_file("files/hello.txt", max_age=five) as response:
        assert response.cache_control.max_age == 5
    assert asked == [str(tmp_path / "files" / "hello.txt")]


def test_send_file_max_age_zero_is_not_the_default(files):
    files.config["SEND_FILE_MAX_AGE_DEFAULT"] = 60

    with files.test_request_context(), send_file("files/hello.txt", max_age=0) as response:
        assert response.cache_control.max_age == 0


def test_send_file_leaves_the_bytes_to_the_server_with_x_sendfile(files, tmp_path):
    files.config["USE_X_SENDFILE"] = True

    with files.test_request_context(), send_file("files/hello.txt") as response:
        assert response.headers["X-Sendfile"] == str(tmp_path / "files" / "hello.txt")
        assert b"".join(response.iter_encoded()) == b""


def test_send_file_uses_the_response_class_of_the_app(files):
    class OwnResponse(Response):
        pass

    files.response_class = OwnResponse

    with files.test_request_context(), send_file("files/hello.txt") as response:
        assert type(response) is OwnResponse


def test_a_file_that_did_not_change_is_not_sent_again(files):
    files.add_url_rule("/", view_func=lambda: send_file("files/hello.txt"))
    client = files.test_client()
    with client.get("/") as first:
        tag = first.headers["ETag"]

    with client.get("/", headers={"If-None-Match": tag}) as again:
        assert (again.status_code, again.data) == (304, b"")


def test_a_part_of_a_file_can_be_requested(files):
    files.add_url_rule("/", view_func=lambda: send_file("files/hello.txt"))

    with files.test_client().get("/", headers={"Range": "bytes=1-3"}) as response:
        assert (response.status_code, response.data) == (206, b"ell")
        assert response.headers["Content-Range"] == "bytes 1-3/5"


def test_send_file_outside_of_a_request_is_a_clear_error(files):
    with files.app_context(), pytest.raises(RuntimeError, match="request context"):
        send_file("files/hello.txt")


def test_send_from_directory_sends_a_file_of_the_folder(files):
    with files.test_request_context(), send_from_directory("files", "hello.txt") as response:
        response.direct_passthrough = False
        assert response.data == b"hello"
        assert response.cache_control.no_cache


def test_send_from_directory_passes_options_on(files):
    with (
        files.test_request_context(),
        send_from_directory("files", "hello.txt", max_age=3, as_attachment=True) as response,
    ):
        assert response.cache_control.max_age == 3
        assert response.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..",
        ".",
        "",
        "/etc/passwd",
        "missing.txt",
        "nul\0byte",
        "sub/../../secret.txt",
        "a" * 5000,
    ],
)
def test_what_is_not_a_file_of_the_folder_is_not_found(files, path):
    with files.test_request_context(), pytest.raises(NotFound):
        send_from_directory("files", path)
