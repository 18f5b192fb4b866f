"""The document of an application, from its routes and what is written at them."""

import pytest
from werkzeug.routing import BaseConverter, IntegerConverter

import retort
from retort import condition
from retort.errors import SetupError
from retort.extensions.openapi import document
from retort.views import MethodView


def view(**variables):
    return ""


# The whole


def test_an_application_without_routes_has_a_valid_document(documented):
    assert documented() == {
        "openapi": "3.1.1",
        "info": {"title": "shop", "version": "1.0.0"},
        "servers": [{"url": "/"}],
        "paths": {},
    }


def test_the_information_comes_from_the_configuration(app, documented):
    app.config["OPENAPI_INFO"] = {"title": "Orders", "version": "1.2", "license": {"name": "MIT"}}

    assert documented()["info"] == {
        "title": "Orders",
        "version": "1.2",
        "license": {"name": "MIT"},
    }


def test_information_that_is_no_dictionary_is_an_error_with_an_example(app):
    app.config["OPENAPI_INFO"] = "Orders"

    with pytest.raises(SetupError, match=r"OPENAPI_INFO is 'Orders'. It is a dictionary, such as"):
        document(app)


def test_an_unknown_version_is_an_error_with_the_known_ones(app):
    with pytest.raises(SetupError, match=r"'3\.0' cannot be written. Choose one of 3\.1, 3\.1\.1"):
        document(app, "3.0")


def test_the_server_is_the_root_of_the_application(app, documented):
    app.config["APPLICATION_ROOT"] = "/shop/"

    assert documented()["servers"] == [{"url": "/shop"}]


def test_the_order_of_routes_does_not_change_the_document():
    def make(*paths):
        app = retort.Flask("shop")
        for path in paths:
            app.add_url_rule(path, path.strip("/") or "index", view)
        return document(app)

    first, second = make("/", "/b", "/a"), make("/a", "/", "/b")

    assert first == second
    assert list(first["paths"]) == list(second["paths"]) == ["/", "/a", "/b"]


# Which routes


def test_head_and_options_are_left_out(app, documented):
    app.add_url_rule("/", "index", view, methods=["GET", "HEAD", "OPTIONS", "POST"])

    assert list(documented()["paths"]["/"]) == ["get", "post"]


def test_static_files_are_left_out_and_a_view_of_that_name_is_not(tmp_path):
    app = retort.Flask("shop", static_folder=str(tmp_path))
    blueprint = retort.Blueprint("admin", __name__, static_folder=str(tmp_path), url_prefix="/a")
    app.register_blueprint(blueprint)
    other = retort.Blueprint("other", __name__)
    other.add_url_rule("/about", "static", view)
    app.register_blueprint(other)

    assert list(document(app)["paths"]) == ["/about"]


def test_websocket_routes_are_named_in_the_description(app, documented):
    app.add_websocket("/live/<room>", "live", lambda room: None)
    app.config["OPENAPI_INFO"] = {"description": "All of it."}

    found = documented()

    assert found["paths"] == {}
    assert found["info"]["description"] == (
        "All of it.\n\nWebSocket routes are not part of this document: /live/{room}."
    )


def test_query_needs_version_3_2(app, documented):
    app.add_url_rule("/search", "search", view, methods=["QUERY"], accepts=["application/json"])

    assert documented("3.1")["paths"] == {}
    found = documented("3.2")
    assert found["openapi"] == "3.2.0"
    assert found["paths"]["/search"]["query"]["requestBody"]["content"] == {"application/json": {}}


def test_other_methods_are_additional_operations_of_version_3_2(app, documented):
    app.add_url_rule("/", "index", view, methods=["PROPFIND"])

    assert documented("3.1")["paths"] == {}
    operations = documented("3.2")["paths"]["/"]["additionalOperations"]
    assert operations["PROPFIND"]["operationId"] == "index"


# Paths


class Hex(BaseConverter):
    regex = "[0-9a-f]+"


class Even(IntegerConverter):
    pass


@pytest.mark.parametrize(
    ("converter", "schema"),
    [
        ("", {"type": "string"}),
        ("string(minlength=2):", {"type": "string", "minLength": 2}),
        ("string(maxlength=5):", {"type": "string", "maxLength": 5}),
        ("string(length=3):", {"type": "string", "minLength": 3, "maxLength": 3}),
        ("int:", {"type": "integer", "minimum": 0}),
        ("int(min=2, max=9):", {"type": "integer", "minimum": 2, "maximum": 9}),
        ("int(signed=True):", {"type": "integer"}),
        ("int(signed=True, min=5):", {"type": "integer", "minimum": 5}),
        ("int(fixed_digits=3):", {"type": "string", "pattern": "^[0-9]{3}$"}),
        ("float:", {"type": "number", "minimum": 0}),
        ("uuid:", {"type": "string", "format": "uuid"}),
        ("any(b, a):", {"type": "string", "enum": ["a", "b"]}),
        ("path:", {"type": "string"}),
        ("hex:", {"type": "string"}),
        ("even:", {"type": "string"}),
    ],
)
def test_a_converter_gives_the_schema_of_its_variable(app, operation, converter, schema):
    app.url_map.converters.update(hex=Hex, even=Even)
    app.add_url_rule(f"/x/<{converter}value>", "x", view)

    (parameter,) = operation("/x/{value}")["parameters"]
    parameter.pop("description", None)
    assert parameter == {"name": "value", "in": "path", "required": True, "schema": schema}


def test_several_variables_and_braces_in_a_path(app, operation):
    app.add_url_rule("/{a}/<int:year>-<month>.<any(html,json):kind>", "x", view)

    found = operation("/%7Ba%7D/{year}-{month}.{kind}")
    assert [one["name"] for one in found["parameters"]] == ["year", "month", "kind"]


def test_paths_that_differ_in_the_names_of_variables_are_one(app, documented):
    app.add_url_rule("/users/<int:id>", "show", view)
    app.add_url_rule("/users/<int:user_id>", "change", view, methods=["PUT"])
    app.add_url_rule("/users/<name>", "by_name", view)

    found = documented()["paths"]

    assert list(found) == ["/users/{id}"]
    assert found["/users/{id}"]["get"]["operationId"] == "show"
    put = found["/users/{id}"]["put"]
    assert put["operationId"] == "change"
    assert put["parameters"][0]["name"] == "id"


def test_a_host_and_a_subdomain_are_the_servers_of_an_operation(documented, app):
    app.config["SERVER_NAME"] = "example.org"
    app.subdomain_matching = True
    app.add_url_rule("/", "index", view, subdomain="api")
    app.add_url_rule("/user", "user", view, subdomain="<name>")

    found = documented()["paths"]

    assert found["/"]["get"]["servers"] == [{"url": "//api.example.org/"}]
    assert "servers" not in found["/user"]["get"]


# Operations


def test_operation_ids_are_endpoints_with_the_method_if_several_share_one(app, documented):
    app.add_url_rule("/", "index", view)
    app.add_url_rule("/orders", "order", view, methods=["POST"])
    app.add_url_rule("/login", "login", view, methods=["GET", "POST"])
    app.add_url_rule("/pages", "pages", view, defaults={"page": 1})
    app.add_url_rule("/pages/<int:page>", "pages", view)
    app.add_url_rule("/x", "a.b", view)
    app.add_url_rule("/y", "a_b", view)

    found = {
        (path, method): one["operationId"]
        for path, item in documented()["paths"].items()
        for method, one in item.items()
    }

    assert found == {
        ("/", "get"): "index",
        ("/orders", "post"): "order",
        ("/login", "get"): "login",
        ("/login", "post"): "login_post",
        ("/pages", "get"): "pages",
        ("/pages/{page}", "get"): "pages_pages_page",
        ("/x", "get"): "a_b",
        ("/y", "get"): "a_b_y",
    }


def test_tags_are_blueprints(app, documented):
    inner, outer = retort.Blueprint("users", __name__), retort.Blueprint("admin", __name__)
    inner.add_url_rule("/users", "list", view)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.add_url_rule("/", "index", view)

    found = documented()

    assert found["tags"] == [{"name": "admin.users"}]
    assert found["paths"]["/users"]["get"]["tags"] == ["admin.users"]
    assert "tags" not in found["paths"]["/"]["get"]


def test_docstrings_are_the_texts(app, operation):
    @app.get("/")
    def index():
        """Show all orders,
        the newest first.

        Orders stay for a year.

            indented

        ---
        responses: {}
        """

    found = operation("/")
    assert found["summary"] == "Show all orders, the newest first."
    assert found["description"] == "Orders stay for a year.\n\n    indented"


def test_methods_of_a_class_have_their_own_texts(app, documented):
    class Users(MethodView):
        """All methods."""

        def get(self, number):
            """Show a user."""

        def delete(self, number):
            """Delete a user."""

    app.add_url_rule("/users/<int:number>", view_func=Users.as_view("users"))

    item = documented()["paths"]["/users/{number}"]
    assert item["get"]["summary"] == "Show a user."
    assert item["delete"]["summary"] == "Delete a user."


def test_functions_by_method_have_their_own_texts(app, documented):
    @app.get("/login")
    def login():
        """Show the form."""

    @login.post
    def login():
        """Log in."""

    item = documented()["paths"]["/login"]
    assert [item["get"]["summary"], item["post"]["summary"]] == ["Show the form.", "Log in."]


# Responses that routes and decorators give


def statuses(found):
    return list(found["responses"])


def test_media_types_of_a_route(app, documented):
    app.add_url_rule(
        "/notes",
        "notes",
        view,
        methods=["GET", "POST"],
        accepts=["application/json", "text/csv"],
        produces=["application/json"],
    )

    item = documented()["paths"]["/notes"]

    assert statuses(item["get"]) == ["200", "406"]
    assert statuses(item["post"]) == ["200", "406", "415"]
    assert list(item["post"]["requestBody"]["content"]) == ["application/json", "text/csv"]
    assert item["post"]["responses"]["415"]["headers"]["Accept-Post"]["example"] == (
        "application/json, text/csv"
    )
    assert item["get"]["responses"]["200"]["content"] == {"application/json": {}}


def test_a_condition_gives_its_statuses(app, documented):
    @app.route("/a", methods=["GET", "PUT"])
    @condition(etag="1", required=True)
    def a():
        return ""

    @app.put("/b")
    @condition(etag="1")
    def b():
        return ""

    found = documented()["paths"]

    assert statuses(found["/a"]["get"]) == ["200", "304", "412"]
    assert statuses(found["/a"]["put"]) == ["200", "412", "428"]
    assert statuses(found["/b"]["put"]) == ["200", "412"]


def test_limits_give_413(app, documented):
    app.add_url_rule("/a", "a", view, methods=["POST"], max_content_length=10)
    app.add_url_rule("/b", "b", view, methods=["POST"])
    app.add_url_rule("/c", "c", view, methods=["POST"], max_content_length=None)

    def with_413():
        paths = documented()["paths"]
        return [path for path, item in paths.items() if "413" in item["post"]["responses"]]

    assert with_413() == ["/a"]
    app.config["MAX_CONTENT_LENGTH"] = 1000
    assert with_413() == ["/a", "/b"]
