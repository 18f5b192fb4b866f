import pytest
import werkzeug.exceptions
from werkzeug.exceptions import (
    BadRequest,
    BadRequestKeyError,
    Conflict,
    Forbidden,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestedRangeNotSatisfiable,
)
from werkzeug.routing import RequestRedirect

from retort import Blueprint, Flask, Response, abort, g, jsonify, redirect, request


class AppError(Exception):
    pass


class SpecialError(AppError):
    pass


class ForbiddenHere(Forbidden):
    pass


class Teapot(HTTPException):
    code = 418
    description = "short and stout"


class Odd(HTTPException):
    code = 799
    description = "nobody knows"


def raiser(error):
    def view():
        raise error

    return view


def says(text):
    """An error handler that answers ``text`` and the class of the error."""

    def handler(error):
        return f"{text} {type(error).__name__}"

    return handler


@pytest.fixture
def answer(app):
    """What the app answers if a view raises ``error``."""

    def answer(error):
        app.add_url_rule("/", "index", raiser(error))
        return app.test_client().get("/")

    return answer


@pytest.fixture
def in_production(app):
    app.testing = False
    return app


# Which handler is chosen


def test_a_handler_handles_the_errors_of_its_class(app, answer):
    app.register_error_handler(AppError, says("handled"))

    response = answer(AppError())

    assert (response.status_code, response.text) == (200, "handled AppError")


def test_a_handler_handles_errors_of_subclasses(app, answer):
    app.register_error_handler(AppError, says("handled"))

    assert answer(SpecialError()).text == "handled SpecialError"


@pytest.mark.parametrize("order", [[AppError, SpecialError], [SpecialError, AppError]])
def test_the_handler_of_the_nearest_class_is_chosen_in_any_order(app, answer, order):
    for cls in (Exception, *order):
        app.register_error_handler(cls, says(f"for {cls.__name__}:"))

    assert answer(SpecialError()).text == "for SpecialError: SpecialError"


def test_the_nearest_class_follows_the_order_of_the_bases(app, answer):
    class Both(SpecialError, KeyError):
        pass

    app.register_error_handler(KeyError, says("key"))
    app.register_error_handler(AppError, says("app"))

    assert answer(Both()).text == "app Both"


def test_an_unhandled_error_reaches_a_test(app, answer):
    with pytest.raises(AppError):
        answer(AppError())


def test_an_unhandled_error_is_a_500_in_production(in_production, answer):
    response = answer(AppError("secret detail"))

    assert response.status_code == 500
    assert response.mimetype == "text/html"
    assert "secret detail" not in response.text


def test_a_handler_for_a_status_handles_the_http_error(app, client):
    app.register_error_handler(404, lambda error: ("not here", 404))

    response = client.get("/nothing-here")

    assert (response.status_code, response.text) == (404, "not here")


def test_the_default_status_of_a_handler_is_200(app, client):
    app.register_error_handler(404, says("not here"))

    assert client.get("/nothing-here").status_code == 200


def test_a_handler_for_an_http_class_and_for_its_status_are_the_same(app, answer):
    app.register_error_handler(403, says("by status"))
    app.register_error_handler(Forbidden, says("by class"))

    assert answer(Forbidden()).text == "by class Forbidden"


def test_a_subclass_of_an_http_error_is_answered_by_the_handler_of_the_status(app, answer):
    app.register_error_handler(403, says("by status"))

    assert answer(ForbiddenHere()).text == "by status ForbiddenHere"


def test_the_handler_of_a_subclass_of_an_http_error_wins(app, client):
    app.register_error_handler(403, says("by status"))
    app.register_error_handler(ForbiddenHere, says("by class"))
    app.add_url_rule("/plain", "plain", raiser(Forbidden()))
    app.add_url_rule("/special", "special", raiser(ForbiddenHere()))

    assert client.get("/plain").text == "by status Forbidden"
    assert client.get("/special").text == "by class ForbiddenHere"


def test_a_handler_for_http_exception_handles_all_of_them(app, client):
    app.register_error_handler(HTTPException, lambda error: (f"http {error.code}", error.code))
    app.add_url_rule("/post-only", "post_only", lambda: "", methods=["POST"])
    app.add_url_rule("/abort", "abort", lambda: abort(409))

    assert client.get("/nothing-here").text == "http 404"
    assert client.get("/post-only").text == "http 405"
    assert client.get("/abort").text == "http 409"


def test_a_handler_for_exception_handles_everything(app, client):
    app.register_error_handler(Exception, says("any"))
    app.add_url_rule("/error", "error", raiser(AppError()))

    assert client.get("/error").text == "any AppError"
    assert client.get("/nothing-here").text == "any NotFound"


def test_a_handler_for_a_status_wins_over_one_for_all_http_errors(app, client):
    app.register_error_handler(Exception, says("any"))
    app.register_error_handler(HTTPException, says("http"))
    app.register_error_handler(404, says("404"))
    app.add_url_rule("/abort", "abort", lambda: abort(409))

    assert client.get("/nothing-here").text == "404 NotFound"
    assert client.get("/abort").text == "http Conflict"


def test_an_http_error_of_a_status_of_the_program_s_own_is_handled_by_class(app, answer):
    app.register_error_handler(Odd, lambda error: (error.description, 799))

    response = answer(Odd())
    assert (response.status_code, response.text) == (799, "nobody knows")


def test_an_unhandled_http_error_is_its_own_response(app, answer):
    response = answer(Teapot())

    assert response.status_code == 418
    assert "short and stout" in response.text


def test_abort_with_a_response_passes_by_the_handlers(app, client):
    app.register_error_handler(HTTPException, says("handled"))
    app.add_url_rule("/", view_func=lambda: abort(Response("as it is", 402)))

    response = client.get("/")

    assert (response.status_code, response.text) == (402, "as it is")


def test_redirects_of_the_router_pass_by_the_handlers(app, client):
    app.register_error_handler(HTTPException, says("handled"))
    app.add_url_rule("/folder/", "folder", lambda: "")

    response = client.get("/folder")

    assert response.status_code == 308
    assert response.headers["Location"] == "http://localhost/folder/"


def test_a_handler_takes_back_what_the_view_began(app, answer):
    app.register_error_handler(AppError, lambda error: redirect("/other"))

    assert answer(AppError()).status_code == 302


def test_a_handler_may_return_whatever_a_view_may(app, client):
    app.register_error_handler(404, lambda error: (jsonify(error=error.name), 404, {"X-A": "b"}))
    app.register_error_handler(409, lambda error: {"path": request.path})
    app.add_url_rule("/conflict", "conflict", raiser(Conflict()))

    missing = client.get("/nothing-here")
    assert (missing.status_code, missing.json) == (404, {"error": "Not Found"})
    assert missing.headers["X-A"] == "b"
    assert client.get("/conflict").json == {"path": "/conflict"}


def test_a_handler_may_return_the_error_itself(app, client):
    app.register_error_handler(404, lambda error: error)

    assert client.get("/nothing-here").status_code == 404


def test_a_handler_that_returns_nothing_is_an_error(app, answer):
    app.register_error_handler(AppError, lambda error: None)

    with pytest.raises(TypeError, match="return"):
        answer(AppError())


def test_an_error_in_a_handler_is_not_handled_again(app, answer):
    @app.errorhandler(AppError)
    def handler(error):
        raise KeyError("in handler")

    app.register_error_handler(KeyError, says("never"))

    with pytest.raises(KeyError, match="in handler"):
        answer(AppError())


def test_a_handler_that_aborts_is_not_handled_again(in_production, answer):
    in_production.register_error_handler(AppError, lambda error: abort(404))

    assert answer(AppError()).status_code == 500


def test_async_handlers_are_awaited(app, answer):
    @app.errorhandler(AppError)
    async def handler(error):
        return f"awaited {type(error).__name__}"

    assert answer(AppError()).text == "awaited AppError"


def test_the_decorator_gives_the_handler_back(app):
    handler = says("handled")

    assert app.errorhandler(404)(handler) is handler
    assert app.error_handler_spec[None][404][NotFound] is handler


def test_errors_of_before_functions_are_handled(app, client):
    app.register_error_handler(AppError, says("handled"))
    app.before_request(raiser(AppError()))
    app.add_url_rule("/", "index", lambda: "view")

    assert client.get("/").text == "handled AppError"


def test_g_and_request_are_there_for_a_handler(app, client):
    app.register_error_handler(AppError, lambda error: f"{request.path} {g.mark}")

    @app.get("/path")
    def index():
        g.mark = "marked"
        raise AppError

    assert client.get("/path").text == "/path marked"


def test_a_handler_put_into_the_dictionary_after_the_first_request_counts(app, client):
    assert client.get("/nothing-here").status_code == 404

    app.error_handler_spec[None][404][NotFound] = says("late")

    assert client.get("/nothing-here").text == "late NotFound"


# 500


def test_a_handler_for_500_gets_an_internal_server_error_with_the_original(in_production, answer):
    seen = []

    @in_production.errorhandler(500)
    def handler(error):
        seen.append(error)
        return "sorry", 500

    original = AppError()
    response = answer(original)

    assert (response.status_code, response.text) == (500, "sorry")
    assert type(seen[0]) is InternalServerError
    assert seen[0].original_exception is original


def test_a_handler_for_500_handles_an_abort_too(in_production, client):
    seen = []

    @in_production.errorhandler(InternalServerError)
    def handler(error):
        seen.append(error.original_exception)
        return "sorry", 500

    in_production.add_url_rule("/", view_func=lambda: abort(500))

    assert in_production.test_client().get("/").text == "sorry"
    assert seen == [None]


def test_a_handler_for_http_exception_handles_the_500_of_an_unhandled_error(in_production, answer):
    in_production.register_error_handler(HTTPException, lambda error: (f"http {error.code}", 500))

    assert answer(AppError()).text == "http 500"


def test_a_handler_for_exception_gets_the_error_itself_and_not_the_500(in_production, answer):
    in_production.register_error_handler(Exception, says("any"))
    in_production.register_error_handler(500, says("500"))

    assert answer(AppError()).text == "any AppError"


def test_a_handler_for_500_is_not_called_if_errors_propagate(app, answer):
    app.register_error_handler(500, says("never"))

    with pytest.raises(AppError):
        answer(AppError())


@pytest.mark.parametrize(
    ("settings", "propagates"),
    [
        ({}, False),
        ({"TESTING": True}, True),
        ({"DEBUG": True}, True),
        ({"PROPAGATE_EXCEPTIONS": True}, True),
        ({"TESTING": True, "PROPAGATE_EXCEPTIONS": False}, False),
        ({"DEBUG": True, "PROPAGATE_EXCEPTIONS": False}, False),
    ],
)
def test_the_config_decides_whether_errors_reach_the_server(settings, propagates):
    app = Flask("propagating")
    app.config.update(settings)
    app.add_url_rule("/", view_func=raiser(AppError()))
    client = app.test_client()

    if propagates:
        with pytest.raises(AppError):
            client.get("/")
    else:
        assert client.get("/").status_code == 500


def test_an_error_in_an_after_function_of_a_500_is_logged_and_the_500_sent(in_production, answer):
    @in_production.after_request
    def broken(response):
        raise ValueError("in after")

    assert answer(AppError()).status_code == 500


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_exception_is_not_handled(in_production, answer, error):
    in_production.register_error_handler(Exception, says("never"))

    with pytest.raises(error):
        answer(error())


# Blueprints


def blueprint_raising(name, error, **options):
    blueprint = Blueprint(name, __name__, url_prefix=f"/{name}", **options)
    blueprint.add_url_rule("/", "index", raiser(error))
    return blueprint


def test_a_handler_of_a_blueprint_handles_its_errors_only(app, client):
    one = blueprint_raising("one", Forbidden())
    two = blueprint_raising("two", Forbidden())
    one.register_error_handler(403, says("one"))
    app.register_error_handler(403, says("app"))
    app.register_blueprint(one)
    app.register_blueprint(two)

    assert client.get("/one/").text == "one Forbidden"
    assert client.get("/two/").text == "app Forbidden"


def test_handlers_of_nested_blueprints_win_from_the_inside_out(app, client):
    parent = Blueprint("parent", __name__, url_prefix="/parent")
    with_handler = blueprint_raising("with", AppError())
    without = blueprint_raising("without", AppError())
    with_handler.register_error_handler(AppError, says("child"))
    parent.register_error_handler(AppError, says("parent"))
    app.register_error_handler(AppError, says("app"))
    parent.register_blueprint(with_handler)
    parent.register_blueprint(without)
    app.register_blueprint(parent)

    assert client.get("/parent/with/").text == "child AppError"
    assert client.get("/parent/without/").text == "parent AppError"


def test_a_handler_of_a_blueprint_wins_even_if_its_class_is_further(app, client):
    blueprint = blueprint_raising("b", SpecialError())
    blueprint.register_error_handler(Exception, says("blueprint"))
    app.register_error_handler(SpecialError, says("app"))
    app.register_blueprint(blueprint)

    assert client.get("/b/").text == "blueprint SpecialError"


def test_a_handler_for_a_status_in_the_app_wins_over_a_class_in_a_blueprint(app, client):
    blueprint = blueprint_raising("b", Forbidden())
    blueprint.register_error_handler(Exception, says("blueprint"))
    app.register_error_handler(403, says("app"))
    app.register_blueprint(blueprint)

    assert client.get("/b/").text == "app Forbidden"


def test_a_handler_of_a_blueprint_does_not_handle_unknown_urls_below_its_prefix(app, client):
    blueprint = blueprint_raising("b", NotFound())
    blueprint.register_error_handler(404, says("blueprint"))
    app.register_blueprint(blueprint)

    assert client.get("/b/").text == "blueprint NotFound"
    assert client.get("/b/nothing-here").status_code == 404


def test_an_app_error_handler_of_a_blueprint_handles_all_errors(app, client):
    blueprint = Blueprint("b", __name__)

    @blueprint.app_errorhandler(404)
    def handler(error):
        return f"for all {error.code}"

    app.register_blueprint(blueprint)

    assert client.get("/nothing-here").text == "for all 404"


def test_a_handler_of_a_blueprint_counts_for_each_of_its_names(app, client):
    blueprint = Blueprint("b", __name__)
    blueprint.add_url_rule("/", "index", raiser(AppError()))
    blueprint.register_error_handler(AppError, says("handled"))
    app.register_blueprint(blueprint, url_prefix="/one")
    app.register_blueprint(blueprint, url_prefix="/two", name="second")

    assert client.get("/one/").text == "handled AppError"
    assert client.get("/two/").text == "handled AppError"


# Registration that cannot work


@pytest.mark.parametrize("code", [0, 200, 302, 499, 999])
def test_a_handler_for_a_status_that_is_no_error_is_refused(app, code):
    with pytest.raises(ValueError, match=str(code)):
        app.register_error_handler(code, says("never"))


@pytest.mark.parametrize("cls", [int, BaseException, KeyboardInterrupt])
def test_a_handler_for_a_class_that_is_no_exception_is_refused(app, cls):
    with pytest.raises(ValueError, match=cls.__name__):
        app.register_error_handler(cls, says("never"))


def test_a_handler_for_an_instance_is_refused_and_the_class_named(app):
    with pytest.raises(TypeError, match="AppError"):
        app.register_error_handler(AppError(), says("never"))


def test_the_decorator_refuses_the_same(app):
    with pytest.raises(ValueError, match="200"):
        app.errorhandler(200)(says("never"))


# Bad requests


def test_a_missing_field_is_a_400_without_details(in_production):
    in_production.add_url_rule("/", view_func=lambda: request.form["name"], methods=["POST"])

    response = in_production.test_client().post("/")

    assert response.status_code == 400
    assert "name" not in response.text


def test_a_missing_field_is_handled_as_a_bad_request(app, client):
    app.register_error_handler(BadRequest, says("handled"))
    app.add_url_rule("/", view_func=lambda: request.args["name"])

    assert client.get("/").text == "handled BadRequestKeyError"


def test_debug_mode_names_the_missing_field(app, client):
    app.debug = True
    app.add_url_rule("/", view_func=lambda: request.args["wanted"])

    with pytest.raises(BadRequestKeyError) as caught:
        client.get("/")

    assert "wanted" in caught.value.get_description()


def test_trap_bad_request_errors_lets_them_through(app, client):
    app.config["TRAP_BAD_REQUEST_ERRORS"] = True
    app.add_url_rule("/key", "key", lambda: request.args["name"])
    app.add_url_rule("/abort", "abort", lambda: abort(400))

    with pytest.raises(BadRequestKeyError, match="name"):
        client.get("/key")
    with pytest.raises(BadRequest):
        client.get("/abort")


def test_debug_mode_does_not_trap_a_missing_field_if_configured(app, client):
    app.debug = True
    app.config["TRAP_BAD_REQUEST_ERRORS"] = False
    app.add_url_rule("/", view_func=lambda: request.args["wanted"])

    response = client.get("/")

    assert response.status_code == 400
    assert "wanted" in response.text


def test_trap_http_exceptions_lets_all_through(app, client):
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    app.add_url_rule("/abort", "abort", lambda: abort(409))

    with pytest.raises(NotFound):
        client.get("/nothing-here")
    with pytest.raises(Conflict):
        client.get("/abort")


def test_trapped_http_exceptions_can_be_handled_as_exceptions(app, client):
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    app.register_error_handler(Exception, says("handled"))

    assert client.get("/nothing-here").text == "handled NotFound"


# What errors carry


def test_headers_of_an_http_error_are_sent(app, client):
    app.add_url_rule("/", view_func=raiser(MethodNotAllowed(valid_methods=["GET", "PUT"])))
    app.add_url_rule("/range", "range", raiser(RequestedRangeNotSatisfiable(length=5)))

    assert client.get("/").headers["Allow"] == "GET, PUT"
    assert client.get("/range").headers["Content-Range"] == "bytes */5"


def test_a_description_of_an_http_error_is_escaped(app, answer):
    assert "&lt;b&gt;" in answer(Conflict("<b>")).text


def test_a_redirect_raised_by_a_view_is_sent(app, client):
    app.add_url_rule("/", view_func=raiser(RequestRedirect("http://localhost/other")))

    response = client.get("/")

    assert (response.status_code, response.headers["Location"]) == (308, "http://localhost/other")


# Overridden steps


def test_overridden_steps_of_error_handling_are_called():
    calls = []

    class OwnApp(Flask):
        def handle_http_exception(self, e):
            calls.append("http")
            return super().handle_http_exception(e)

        def handle_user_exception(self, e):
            calls.append("user")
            return super().handle_user_exception(e)

        def handle_exception(self, e):
            calls.append("exception")
            return super().handle_exception(e)

        def trap_http_exception(self, e):
            calls.append("trap")
            return super().trap_http_exception(e)

    app = OwnApp("own")
    app.add_url_rule("/", view_func=raiser(AppError()))
    client = app.test_client()

    assert client.get("/nothing-here").status_code == 404
    assert calls == ["user", "trap", "http"]
    calls.clear()
    assert client.get("/").status_code == 500
    assert calls == ["user", "exception"]


def test_steps_replaced_on_the_live_app_are_called(app, client):
    assert client.get("/nothing-here").status_code == 404

    app.handle_user_exception = lambda error: f"replaced {type(error).__name__}"

    assert client.get("/nothing-here").text == "replaced NotFound"


def test_every_status_of_werkzeug_can_be_handled(app, client):
    for code in werkzeug.exceptions.default_exceptions:
        app.register_error_handler(code, lambda error: (f"handled {error.code}", 200))
    app.add_url_rule("/<int:code>", "index", lambda code: abort(code))

    for code in werkzeug.exceptions.default_exceptions:
        assert client.get(f"/{code}").text == f"handled {code}"
