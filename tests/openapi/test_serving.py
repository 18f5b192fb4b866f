"""The document and its page, served by the application."""

import json
import re
import sys

import pytest

import retort
from retort.errors import SetupError
from retort.extensions.openapi import check_addresses, document, swagger


@pytest.fixture(autouse=True)
def _without_swagger_ui(monkeypatch):
    monkeypatch.setattr(swagger, "PACKAGE", "package_that_is_not_installed")
    swagger.folder.cache_clear()
    yield
    swagger.folder.cache_clear()


@pytest.fixture
def app(tmp_path):
    app = retort.Flask("shop", static_folder=None, root_path=str(tmp_path))
    app.config.update(OPENAPI_URL="/openapi.json", OPENAPI_DOCS_URL="/docs")

    @app.get("/orders/<int:number>")
    def order(number):
        """An <order>."""
        return ""

    return app


def test_it_is_off_by_default():
    app = retort.Flask("shop")
    app.add_url_rule("/", "index", lambda: "hello")

    assert app.test_client().get("/").text == "hello"
    assert [rule.endpoint for rule in app.url_map.iter_rules()] == ["static", "index"]


def test_the_document_is_served_without_its_own_routes(app):
    response = app.test_client().get("/openapi.json")

    assert response.mimetype == "application/json"
    assert response.json == json.loads(json.dumps(document(app)))
    assert list(response.json["paths"]) == ["/orders/{number}"]


def test_it_has_an_entity_tag_and_answers_get_and_head_alone(app):
    client = app.test_client()
    tag = client.get("/openapi.json").headers["ETag"]

    again = client.get("/openapi.json", headers={"If-None-Match": tag})
    head = client.head("/openapi.json")

    assert (again.status_code, again.data) == (304, b"")
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", tag)
    assert client.post("/openapi.json").status_code == 405


def test_the_first_request_may_be_for_another_page(app):
    client = app.test_client()

    assert client.get("/orders/1").status_code == 200
    assert client.get("/openapi.json").status_code == 200


def test_the_configuration_may_change_until_the_first_request(app):
    app.config["OPENAPI_URL"] = "/api"

    assert app.test_client().get("/api").status_code == 200
    assert app.test_client().get("/openapi.json").status_code == 404
    app.config["OPENAPI_URL"] = "/later"
    assert app.test_client().get("/later").status_code == 404
    assert app.test_client().get("/api").status_code == 200


def test_it_is_served_on_each_host_of_an_application_that_matches_hosts():
    app = retort.Flask("shop", host_matching=True, static_folder=None)
    app.config["OPENAPI_URL"] = "/openapi.json"
    app.add_url_rule("/", "index", lambda: "", host="example.org")

    response = app.test_client().get("/openapi.json", base_url="http://other.example")

    assert response.json["paths"]["/"]["get"]["servers"] == [{"url": "//example.org/"}]


def test_a_file_takes_the_place_of_the_made_document(app, tmp_path):
    app.config["OPENAPI_FILE"] = "openapi.json"
    written = {"openapi": "3.1.1", "info": {"title": "Written", "version": "2"}, "paths": {}}
    (tmp_path / "openapi.json").write_text(json.dumps(written))

    assert app.test_client().get("/openapi.json").json == written
    assert "Written" in app.test_client().get("/docs").text


def test_a_missing_file_is_an_error_with_the_command_that_writes_it(app):
    app.testing = True
    app.config["OPENAPI_FILE"] = "openapi.json"

    with pytest.raises(
        SetupError, match=r"OPENAPI_FILE is 'openapi.json'. .*retort openapi --output openapi.json"
    ):
        app.test_client().get("/openapi.json")


@pytest.mark.parametrize("url", ["openapi.json", "/<name>", True])
def test_an_address_that_is_no_path_is_logged_and_not_served(app, caplog, url):
    app.config["OPENAPI_URL"] = url
    message = f"OPENAPI_URL is {url!r}. It is a path without variables"

    assert app.test_client().get("/orders/1").status_code == 200
    assert app.test_client().get("/docs").status_code == 404
    assert [record.getMessage()[: len(message)] for record in caplog.records] == [message]


def test_an_address_that_is_taken_is_logged_and_the_view_stays(app, caplog):
    app.config["OPENAPI_DOCS_URL"] = "/about"
    app.add_url_rule("/about", "about", lambda: "about us")

    assert app.test_client().get("/about").text == "about us"
    assert "which is the route of the endpoint 'about'" in caplog.text
    app.config["OPENAPI_DOCS_URL"] = "/about"
    with pytest.raises(SetupError):
        check_addresses(app)


# The page


def test_the_page_has_no_scripts_and_loads_nothing(app):
    response = app.test_client().get("/docs")

    assert response.mimetype == "text/html"
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert re.findall(r"<script|<link|<img|https?://|@import|url\(", response.text) == []
    assert 'href="/openapi.json"' in response.text


def test_the_page_shows_the_operations_with_their_texts_escaped(app):
    text = app.test_client().get("/docs").text

    assert "<code>/orders/{number}</code> An &lt;order&gt;." in text
    assert '<span class="method">GET</span>' in text
    assert "integer, minimum 0" in text


def test_the_page_needs_no_address_of_the_document(app):
    app.config["OPENAPI_URL"] = None

    response = app.test_client().get("/docs")

    assert response.status_code == 200
    assert "openapi.json" not in response.text


def test_the_page_links_with_the_prefix_of_the_application(app):
    response = app.test_client().get("/docs", base_url="http://localhost/prefix")

    assert 'href="/prefix/openapi.json"' in response.text


# Swagger UI


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package with the files of Swagger UI, which fails if it is imported."""
    files = tmp_path / "packages" / "package_of_swagger_ui" / "dist"
    files.mkdir(parents=True)
    (files.parent / "__init__.py").write_text("raise AssertionError('imported')")
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"):
        (files / name).write_text(f"/* {name} */")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "packages")])
    monkeypatch.setattr(swagger, "PACKAGE", "package_of_swagger_ui")
    swagger.folder.cache_clear()


@pytest.mark.usefixtures("installed")
def test_swagger_ui_is_the_page_where_its_package_is_installed(app):
    client = app.test_client()
    page = client.get("/docs")

    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    sources = re.findall(r'(?:src|href)="([^"?]+)"', page.text)
    assert sources == [
        "/docs/ui/favicon-32x32.png",
        "/docs/ui/swagger-ui.css",
        "/docs/ui/swagger-ui-bundle.js",
        "/docs/ui/start.js",
    ]
    assert [client.get(source).status_code for source in sources] == [200] * 4
    start = client.get("/docs/ui/start.js")
    assert start.mimetype == "text/javascript"
    assert '"url": "/openapi.json"' in start.text
    assert '"validatorUrl": null' in start.text
    assert client.get("/docs/ui/../__init__.py").status_code == 404
    assert list(client.get("/openapi.json").json["paths"]) == ["/orders/{number}"]


@pytest.mark.usefixtures("installed")
def test_the_page_without_scripts_is_there_beside_swagger_ui(app):
    client = app.test_client()

    assert 'href="?plain"' in client.get("/docs").text
    assert "<script" not in client.get("/docs?plain").text


@pytest.mark.usefixtures("installed")
def test_swagger_ui_needs_the_address_of_the_document(app):
    app.config["OPENAPI_URL"] = None

    assert "<script" not in app.test_client().get("/docs").text
    assert app.test_client().get("/docs/ui/swagger-ui.css").status_code == 404


def test_a_program_without_the_keys_does_not_import_the_package():
    import subprocess

    program = (
        "import retort, sys; app = retort.Flask('a'); app.test_client().get('/');"
        "print([name for name in sys.modules if 'openapi' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
