from datetime import timedelta
from pathlib import Path

import pytest

from retort import Blueprint, Flask, url_for


@pytest.fixture
def folder(tmp_path):
    """A program's folder with ``static/style.css``, ``static/deep/a b.txt`` and a secret."""
    (tmp_path / "static" / "deep").mkdir(parents=True)
    (tmp_path / "static" / "style.css").write_text("body {}")
    (tmp_path / "static" / "deep" / "a b.txt").write_text("spaced")
    (tmp_path / "static" / "empty.txt").write_text("")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path


def make_app(folder, **options):
    app = Flask("files", root_path=str(folder), **options)
    app.testing = True
    return app


def fetch(app, path, **options):
    """Status and body; the file is closed again."""
    with app.test_client().get(path, **options) as response:
        return response.status_code, response.data


def test_files_of_the_static_folder_are_served_below_its_name(folder):
    with make_app(folder).test_client().get("/static/style.css") as response:
        assert response.status_code == 200
        assert response.data == b"body {}"
        assert response.mimetype == "text/css"
        assert response.headers["Content-Length"] == "7"
        assert response.cache_control.no_cache
        assert response.headers["Content-Disposition"] == "inline; filename=style.css"


def test_files_in_folders_below_are_served_too(folder):
    assert fetch(make_app(folder), "/static/deep/a%20b.txt") == (200, b"spaced")


def test_an_empty_file_is_served(folder):
    assert fetch(make_app(folder), "/static/empty.txt") == (200, b"")


def test_a_head_request_for_a_file_has_no_body(folder):
    with make_app(folder).test_client().head("/static/style.css") as response:
        assert response.headers["Content-Length"] == "7"
        assert response.data == b""


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/deep",
        "/static/deep/",
        "/static/missing.css",
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/..%2fsecret.txt",
        "/static/..%5csecret.txt",
        "/static/deep/../../secret.txt",
        "/static/style.css%00.txt",
        "/static/" + "x" * 3000,
        "/static/%ff",
    ],
)
def test_what_is_not_a_file_of_the_folder_is_not_found(folder, path):
    status, body = fetch(make_app(folder), path)

    assert status == 404
    assert b"secret" not in body


def test_an_absolute_path_stays_in_the_folder(folder):
    status, body = fetch(make_app(folder), "/static//etc/passwd", follow_redirects=True)

    assert status == 404
    assert b"root:" not in body


def test_a_link_out_of_the_folder_is_followed_as_the_operator_made_it(folder):
    (folder / "static" / "link.txt").symlink_to(folder / "secret.txt")

    assert fetch(make_app(folder), "/static/link.txt") == (200, b"secret")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_than_get_are_not_allowed(folder, method):
    response = make_app(folder).test_client().open("/static/style.css", method=method)

    assert response.status_code == 405
    assert set(response.allow) == {"GET", "HEAD", "OPTIONS"}


def test_a_file_that_did_not_change_is_not_sent_again(folder):
    client = make_app(folder).test_client()
    with client.get("/static/style.css") as first:
        tag, modified = first.headers["ETag"], first.headers["Last-Modified"]

    for name, value in (("If-None-Match", tag), ("If-Modified-Since", modified)):
        with client.get("/static/style.css", headers={name: value}) as again:
            assert (again.status_code, again.data) == (304, b"")


def test_a_changed_file_is_sent_again(folder):
    client = make_app(folder).test_client()
    with client.get("/static/style.css") as first:
        tag = first.headers["ETag"]
    (folder / "static" / "style.css").write_text("changed and longer")

    with client.get("/static/style.css", headers={"If-None-Match": tag}) as again:
        assert (again.status_code, again.data) == (200, b"changed and longer")


@pytest.mark.parametrize(("setting", "seconds"), [(60, 60), (timedelta(minutes=2), 120), (0, 0)])
def test_the_config_sets_the_cache_lifetime_of_files(folder, setting, seconds):
    app = make_app(folder)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = setting

    with app.test_client().get("/static/style.css") as response:
        assert response.cache_control.max_age == seconds


def test_an_app_may_decide_by_name_how_long_files_may_be_kept(folder):
    asked = []

    class OwnApp(Flask):
        def get_send_file_max_age(self, filename):
            asked.append(filename)
            return 3600

    app = OwnApp("own", root_path=str(folder))

    with app.test_client().get("/static/style.css") as response:
        assert response.cache_control.max_age == 3600
    assert asked == ["style.css"]


# Where they are served


def test_the_static_folder_and_its_url_can_be_named(folder):
    app = make_app(folder, static_folder="static/deep", static_url_path="/files")

    assert fetch(app, "/files/a%20b.txt") == (200, b"spaced")
    assert fetch(app, "/static/style.css")[0] == 404
    assert app.static_folder == str(folder / "static" / "deep")
    assert app.static_url_path == "/files"


@pytest.mark.parametrize("static_folder", ["static", "static/", Path("static")])
def test_the_url_of_the_static_folder_is_its_last_name(folder, static_folder):
    app = make_app(folder, static_folder=static_folder)

    assert app.static_url_path == "/static"
    assert fetch(app, "/static/style.css") == (200, b"body {}")


def test_an_absolute_static_folder_may_be_anywhere(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "x.txt").write_text("x")
    app = make_app(folder, static_folder=elsewhere, static_url_path="/x")

    assert fetch(app, "/x/x.txt") == (200, b"x")


def test_static_files_can_be_at_the_root(folder):
    app = make_app(folder, static_url_path="")
    app.add_url_rule("/page", view_func=lambda: "page")

    assert fetch(app, "/style.css") == (200, b"body {}")
    assert fetch(app, "/page") == (200, b"page")
    with app.test_request_context():
        assert url_for("static", filename="style.css") == "/style.css"


def test_a_slash_at_the_end_of_the_url_path_does_not_matter(folder):
    app = make_app(folder, static_url_path="/files/")

    assert fetch(app, "/files/style.css") == (200, b"body {}")


def test_an_app_without_a_static_folder_has_no_static_route(folder):
    app = make_app(folder, static_folder=None)

    assert app.has_static_folder is False
    assert app.static_folder is None
    assert fetch(app, "/static/style.css")[0] == 404
    with app.app_context(), pytest.raises(RuntimeError, match="static"):
        app.send_static_file("style.css")


def test_a_static_folder_that_is_missing_just_has_no_files(tmp_path):
    assert fetch(make_app(tmp_path), "/static/style.css")[0] == 404


def test_static_files_can_be_on_a_host_of_their_own(folder):
    app = make_app(folder, host_matching=True, static_host="files.example")

    assert fetch(app, "/static/style.css", base_url="http://files.example") == (200, b"body {}")
    assert fetch(app, "/static/style.css", base_url="http://other.example")[0] == 404


@pytest.mark.parametrize("options", [{"static_host": "files.example"}, {"host_matching": True}])
def test_a_static_host_and_host_matching_go_together(folder, options):
    with pytest.raises(AssertionError, match="static_host"):
        make_app(folder, **options)


def test_host_matching_without_a_static_folder_needs_no_static_host(folder):
    app = make_app(folder, host_matching=True, static_folder=None)

    assert app.url_map.host_matching is True


def test_url_for_builds_urls_of_static_files(folder):
    app = make_app(folder)

    with app.test_request_context():
        assert url_for("static", filename="deep/a b.txt") == "/static/deep/a%20b.txt"
        assert url_for("static", filename="style.css", v=3) == "/static/style.css?v=3"


def test_send_static_file_can_be_called_by_a_view(folder):
    app = make_app(folder)
    app.add_url_rule("/favicon.ico", view_func=lambda: app.send_static_file("style.css"))

    assert fetch(app, "/favicon.ico") == (200, b"body {}")


def test_send_static_file_can_be_overridden(folder):
    class OwnApp(Flask):
        def send_static_file(self, filename):
            return f"made {filename}"

    app = OwnApp("own", root_path=str(folder))

    assert fetch(app, "/static/any.css") == (200, b"made any.css")


# Blueprints


def blueprint(folder, name="inner", **options):
    options = {"static_folder": "static", "root_path": str(folder), **options}
    return Blueprint(name, __name__, **options)


@pytest.fixture
def inner(tmp_path):
    """The folder of a blueprint, with ``static/inner.css``."""
    inner = tmp_path / "inner"
    (inner / "static").mkdir(parents=True)
    (inner / "static" / "inner.css").write_text("inner")
    (inner / "static" / "style.css").write_text("inner style")
    return inner


def test_a_blueprint_serves_its_files_below_its_prefix(folder, inner):
    app = make_app(folder)
    app.register_blueprint(blueprint(inner, url_prefix="/inner"))

    assert fetch(app, "/inner/static/inner.css") == (200, b"inner")
    assert fetch(app, "/static/style.css") == (200, b"body {}")
    with app.test_request_context():
        assert url_for("inner.static", filename="inner.css") == "/inner/static/inner.css"


def test_a_blueprint_may_name_the_url_of_its_files(folder, inner):
    app = make_app(folder)
    app.register_blueprint(blueprint(inner, url_prefix="/inner", static_url_path="/files"))

    assert fetch(app, "/inner/files/inner.css") == (200, b"inner")


def test_files_of_the_app_hide_those_of_a_blueprint_without_a_prefix(folder, inner):
    app = make_app(folder)
    app.register_blueprint(blueprint(inner))

    assert fetch(app, "/static/style.css") == (200, b"body {}")
    assert fetch(app, "/static/inner.css")[0] == 404


def test_files_of_a_nested_blueprint_are_below_both_prefixes(folder, inner):
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    outer.register_blueprint(blueprint(inner, url_prefix="/inner"))
    app = make_app(folder)
    app.register_blueprint(outer)

    assert fetch(app, "/outer/inner/static/inner.css") == (200, b"inner")
    with app.test_request_context():
        path = url_for("outer.inner.static", filename="inner.css")
        assert path == "/outer/inner/static/inner.css"


def test_a_blueprint_may_decide_how_long_its_files_may_be_kept(folder, inner):
    class OwnBlueprint(Blueprint):
        def get_send_file_max_age(self, filename):
            return 100

    app = make_app(folder)
    own = OwnBlueprint(
        "own", __name__, static_folder="static", root_path=str(inner), url_prefix="/own"
    )
    app.register_blueprint(own)

    with app.test_client().get("/own/static/inner.css") as response:
        assert response.cache_control.max_age == 100
    with app.test_client().get("/static/style.css") as response:
        assert response.cache_control.max_age is None


def test_a_blueprint_without_a_static_folder_has_none():
    plain = Blueprint("plain", __name__)

    assert plain.has_static_folder is False
    with pytest.raises(RuntimeError, match="static"):
        plain.send_static_file("x.css")


# Files beside the program that are not served


@pytest.mark.parametrize("make", [make_app, blueprint])
def test_a_resource_beside_the_program_can_be_read(folder, make):
    owner = make(folder)

    with owner.open_resource("static/style.css") as resource:
        assert resource.read() == b"body {}"
    for mode in ("r", "rt"):
        with owner.open_resource("static/style.css", mode) as resource:
            assert resource.read() == "body {}"


@pytest.mark.parametrize("make", [make_app, blueprint])
def test_a_text_resource_is_read_in_the_given_encoding(folder, make):
    (folder / "latin.txt").write_bytes("grüße".encode("latin-1"))

    with make(folder).open_resource("latin.txt", "r", encoding="latin-1") as resource:
        assert resource.read() == "grüße"


@pytest.mark.parametrize("make", [make_app, blueprint])
@pytest.mark.parametrize("mode", ["w", "a", "x", "r+", "wb", "rb+"])
def test_a_resource_cannot_be_written(folder, make, mode):
    with pytest.raises(ValueError, match="reading"):
        make(folder).open_resource("static/style.css", mode)


def test_files_of_the_instance_folder_can_be_written_and_read(folder):
    app = make_app(folder, instance_path=str(folder))

    with app.open_instance_resource("notes.txt", "w") as notes:
        notes.write("ä")
    with app.open_instance_resource("notes.txt") as notes:
        assert notes.read() == "ä".encode()
    with app.open_instance_resource("notes.txt", "r") as notes:
        assert notes.read() == "ä"
