"""The options of a route, and what stands for them at rules that a program adds itself."""

import pytest
from werkzeug.routing import Rule

import retort
from retort.errors import SetupError
from retort.routing import MediaTypes, RouteOptions, options_of


@pytest.fixture
def app():
    return retort.Flask("shop", static_folder=None)


def make_options(app, **options):
    app.add_url_rule("/", "index", lambda: "page", **options)
    (rule,) = app.url_map.iter_rules("index")
    return options_of(rule)


def test_an_ordinary_route_has_no_media_types_and_no_limits(app):
    assert make_options(app) == RouteOptions(media_types=None, limits={}, names_head=False)


def test_the_media_types_of_a_route_are_kept(app):
    options = make_options(app, accepts=["text/*"], produces=["text/html"])

    assert options.media_types == MediaTypes(consumes=("text/*",), produces=("text/html",))


def test_a_query_always_has_media_types(app):
    assert make_options(app, methods=["QUERY"]).media_types == MediaTypes(None, None)


def test_only_the_limits_that_were_given_are_kept(app):
    options = make_options(app, max_form_parts=3, max_content_length=None)

    assert options.limits == {"max_form_parts": 3, "max_content_length": None}


@pytest.mark.parametrize("methods", [["GET"], ["GET", "HEAD"]])
def test_a_route_names_head_or_not(app, methods):
    assert make_options(app, methods=methods).names_head is ("HEAD" in methods)


def test_the_options_do_not_change(app):
    options = make_options(app, max_form_parts=3)

    with pytest.raises(AttributeError):
        options.names_head = True
    with pytest.raises(TypeError):
        options.limits["max_form_parts"] = 4


def test_a_rule_of_the_program_itself_has_the_defaults(app):
    rule = Rule("/", endpoint="index", methods=["POST"])
    app.url_map.add(rule)
    app.view_functions["index"] = lambda: retort.request.form["name"]

    assert options_of(rule) == options_of(None) == RouteOptions()
    assert options_of(rule).names_head is None
    assert app.test_client().post("/", data={"name": "Anna"}).text == "Anna"


def test_the_attribute_of_the_rule_decides_who_handles_options(app):
    app.add_url_rule("/", "index", lambda: "page", methods=["GET", "OPTIONS"])
    (rule,) = app.url_map.iter_rules("index")
    client = app.test_client()
    assert rule.provide_automatic_options is False
    assert client.options("/").text == "page"

    rule.provide_automatic_options = True

    assert client.options("/").text == ""


@pytest.mark.parametrize(("value", "finishes"), [("finish", True), ("cancel", False)])
def test_a_route_may_finish_without_its_client(app, value, finishes):
    assert make_options(app, on_disconnect=value).finishes_alone is finishes


@pytest.mark.parametrize("value", ["stop", "", None, True, ["finish"]])
def test_an_unknown_value_of_on_disconnect_is_an_error_that_names_the_values(app, value):
    with pytest.raises(SetupError) as error:
        make_options(app, on_disconnect=value)

    message = str(error.value)
    assert f"The rule '/' has on_disconnect={value!r}" in message
    assert "on_disconnect='finish'" in message
    assert "on_disconnect='cancel'" in message


def test_a_blueprint_passes_on_disconnect_on(app):
    part = retort.Blueprint("part", __name__)
    part.get("/part", on_disconnect="finish")(lambda: "page")
    app.register_blueprint(part)

    (rule,) = app.url_map.iter_rules("part.<lambda>")
    assert options_of(rule).finishes_alone
