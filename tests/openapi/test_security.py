"""Security schemes, by functions that stand for those of extensions; see tests/extensions."""

import pytest

import retort

# The module name is what decides; the functions are shaped as those of the extensions.
MODULE = """
import functools

def login_required(func):
    @functools.wraps(func)
    def decorated_view(*args, **kwargs):
        return func(*args, **kwargs)
    return decorated_view

class Auth:
    def __init__(self, scheme=None, header=None):
        self.scheme, self.header = scheme, header

    def login_required(self, optional=None):
        def decorate(f):
            @functools.wraps(f)
            def decorated(*args, **kwargs):
                return f(*args, **kwargs), self, optional
            return decorated
        return decorate

class Several(Auth):
    def __init__(self, main, *others):
        self.main_auth, self.additional_auths = main, others

def jwt_required(optional=False, refresh=False, locations=None):
    def wrapper(fn):
        @functools.wraps(fn)
        def decorator(*args, **kwargs):
            return fn(*args, **kwargs), optional, refresh, locations
        return decorator
    return wrapper
"""


def package(name):
    names = {"__name__": name}
    exec(MODULE, names)
    return names


LOGIN = package("flask_login.utils")
HTTPAUTH = package("flask_httpauth")
JWT = package("flask_jwt_extended.view_decorators")
Auth, Several = HTTPAUTH["Auth"], HTTPAUTH["Several"]
basic, bearer = Auth("Basic"), Auth("Bearer")


@pytest.fixture
def secured(app, documented):
    """What a decorated view requires, and the schemes."""

    def make(decorate):
        app.add_url_rule("/", "index", decorate(lambda: ""))
        found = documented()
        return found["paths"]["/"]["get"].get("security"), found["components"]["securitySchemes"]

    return make


def test_a_login_is_the_cookie_of_the_session(app, secured):
    app.config["SESSION_COOKIE_NAME"] = "crumb"

    needed, schemes = secured(LOGIN["login_required"])

    assert needed == [{"session": []}]
    assert schemes == {"session": {"type": "apiKey", "in": "cookie", "name": "crumb"}}


@pytest.mark.parametrize(
    ("auth", "needed"),
    [
        (basic, [{"basic": []}]),
        (Auth("Digest"), [{"digest": []}]),
        (Auth("Bearer", "Authorization"), [{"bearer": []}]),
        (Auth("Bearer", "X-Key"), [{"key_X-Key": []}]),
        (Several(basic, bearer), [{"basic": []}, {"bearer": []}]),
    ],
)
def test_http_authentication_has_the_scheme_of_its_object(secured, auth, needed):
    assert secured(auth.login_required())[0] == needed


def test_optional_authentication_may_be_left_out(app, secured, documented):
    needed, _ = secured(basic.login_required(optional=True))

    assert needed == [{"basic": []}, {}]
    assert "401" not in documented()["paths"]["/"]["get"]["responses"]


def test_two_decorators_are_needed_together(secured):
    needed, schemes = secured(
        lambda view: LOGIN["login_required"](Several(basic, bearer).login_required()(view))
    )

    assert needed == [{"session": [], "basic": []}, {"session": [], "bearer": []}]
    assert schemes.keys() == {"session", "basic", "bearer"}


@pytest.mark.parametrize(
    ("config", "options", "schemes"),
    [
        ({}, {}, {"jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}),
        (
            {"JWT_HEADER_NAME": "X-Token", "JWT_HEADER_TYPE": ""},
            {},
            {"jwt_header": {"type": "apiKey", "in": "header", "name": "X-Token"}},
        ),
        (
            {"JWT_TOKEN_LOCATION": ["cookies", "query_string"], "JWT_ACCESS_COOKIE_NAME": "t"},
            {},
            {
                "jwt_t": {"type": "apiKey", "in": "cookie", "name": "t"},
                "jwt_query": {"type": "apiKey", "in": "query", "name": "jwt"},
            },
        ),
        (
            {},
            {"locations": "cookies", "refresh": True},
            {
                "jwt_refresh_token_cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "refresh_token_cookie",
                }
            },
        ),
    ],
)
def test_tokens_are_where_the_configuration_says(app, secured, config, options, schemes):
    app.config.update(config)

    needed, found = secured(JWT["jwt_required"](**options))

    assert found == schemes
    assert needed == [{name: []} for name in schemes]


def test_a_hook_secures_the_operations_of_its_blueprint(app, documented):
    blueprint = retort.Blueprint("admin", __name__, url_prefix="/admin")
    blueprint.before_request(LOGIN["login_required"](lambda: None))
    blueprint.add_url_rule("/", "index", lambda: "")
    app.register_blueprint(blueprint)
    app.add_url_rule("/", "index", lambda: "")

    found = documented()["paths"]

    assert found["/admin/"]["get"]["security"] == [{"session": []}]
    assert "401" in found["/admin/"]["get"]["responses"]
    assert "security" not in found["/"]["get"]
