"""Config: every loader, its defaults, silent failures and bad files."""

import json
import os
from pathlib import Path

from flask import Config, Flask
from steps import note

FOLDER = Path(__file__).parent / "config"


class Settings:
    NAME = "from an object"
    lower = "left out"

    @property
    def PROPERTY(self):
        return "a property"


class More(Settings):
    NUMBER = 5


def create_app():
    return Flask(__name__)


def loaded(load):
    config = Config(str(FOLDER), {"KEPT": 1})
    result = load(config)
    return result, dict(sorted(config.items()))


def outcome(load):
    try:
        return loaded(load)
    except Exception as error:
        note(type(error).__name__, getattr(error, "errno", None))
        return "Unable to load" in str(error) or "unable to load" in str(error).lower()


def with_environment(values, load):
    before = dict(os.environ)
    os.environ.update(values)
    try:
        return outcome(load)
    finally:
        os.environ.clear()
        os.environ.update(before)


DOCUMENTED = """
    APPLICATION_ROOT DEBUG EXPLAIN_TEMPLATE_LOADING MAX_CONTENT_LENGTH MAX_COOKIE_SIZE
    MAX_FORM_MEMORY_SIZE MAX_FORM_PARTS PERMANENT_SESSION_LIFETIME PREFERRED_URL_SCHEME
    PROPAGATE_EXCEPTIONS PROVIDE_AUTOMATIC_OPTIONS SECRET_KEY SECRET_KEY_FALLBACKS
    SEND_FILE_MAX_AGE_DEFAULT SERVER_NAME SESSION_COOKIE_DOMAIN SESSION_COOKIE_HTTPONLY
    SESSION_COOKIE_NAME SESSION_COOKIE_PARTITIONED SESSION_COOKIE_PATH SESSION_COOKIE_SAMESITE
    SESSION_COOKIE_SECURE SESSION_REFRESH_EACH_REQUEST TEMPLATES_AUTO_RELOAD TESTING
    TRAP_BAD_REQUEST_ERRORS TRAP_HTTP_EXCEPTIONS TRUSTED_HOSTS USE_X_SENDFILE
""".split()


def defaults(app, client):
    return {name: str(app.config[name]) for name in DOCUMENTED}


def defaults_in_debug(app, client):
    os.environ["FLASK_DEBUG"] = "1"
    try:
        other = Flask("other")
        return other.debug, other.config["DEBUG"], other.jinja_env.auto_reload
    finally:
        del os.environ["FLASK_DEBUG"]


def from_pyfile(app, client):
    return [
        outcome(lambda config: config.from_pyfile("settings.py")),
        outcome(lambda config: config.from_pyfile(FOLDER / "settings.py")),
        outcome(lambda config: config.from_pyfile("missing.py")),
        outcome(lambda config: config.from_pyfile("missing.py", silent=True)),
        outcome(lambda config: config.from_pyfile("broken.cfg")),
        outcome(lambda config: config.from_pyfile(".", silent=True)),
        outcome(lambda config: config.from_pyfile(".")),
    ]


def from_object(app, client):
    return [
        outcome(lambda config: config.from_object(Settings)),
        outcome(lambda config: config.from_object(More())),
        outcome(lambda config: config.from_object(f"{__name__}.More")),
        outcome(lambda config: config.from_object(f"{__name__}:More")),
        outcome(lambda config: config.from_object("no.such.module")),
        outcome(lambda config: config.from_object(f"{__name__}.Nothing")),
        outcome(lambda config: config.from_object({"NAME": "a dict has no such attribute"})),
    ]


def from_mapping(app, client):
    return [
        outcome(lambda config: config.from_mapping({"A": 1, "b": 2}, C=3, d=4)),
        outcome(lambda config: config.from_mapping([("A", 1)])),
        outcome(lambda config: config.from_mapping(None, A=1)),
        outcome(lambda config: config.from_mapping()),
        outcome(lambda config: config.from_mapping({}, {})),
    ]


def from_file(app, client):
    return [
        outcome(lambda config: config.from_file("settings.json", load=json.load)),
        outcome(lambda config: config.from_file("settings.json", json.load, text=False)),
        outcome(lambda config: config.from_file("missing.json", load=json.load)),
        outcome(lambda config: config.from_file("missing.json", load=json.load, silent=True)),
        outcome(lambda config: config.from_file("broken.json", load=json.load)),
        outcome(
            lambda config: config.from_file("settings.json", load=lambda file: {"A": file.mode})
        ),
        outcome(
            lambda config: config.from_file(
                "settings.json", lambda file: {"A": file.mode}, text=False
            )
        ),
    ]


def from_envvar(app, client):
    def load(config):
        return config.from_envvar("SETTINGS_FILE")

    return [
        outcome(load),
        outcome(lambda config: config.from_envvar("SETTINGS_FILE", silent=True)),
        with_environment({"SETTINGS_FILE": str(FOLDER / "settings.py")}, load),
        with_environment({"SETTINGS_FILE": "/missing.py"}, load),
        with_environment(
            {"SETTINGS_FILE": "/missing.py"},
            lambda config: config.from_envvar("SETTINGS_FILE", silent=True),
        ),
    ]


def from_prefixed_env(app, client):
    values = {
        "FLASK_TEXT": "plain text",
        "FLASK_NUMBER": "12",
        "FLASK_TRUE": "true",
        "FLASK_PYTHON_TRUE": "True",
        "FLASK_NULL": "null",
        "FLASK_LIST": "[1, 2]",
        "FLASK_lower": "1",
        "FLASK_A__B__C": "deep",
        "FLASK_A__B__D": "2",
        "FLASK_A__e": "lower",
        "FLASK_KEPT__X": "into a number",
        "OTHER_NAME": "other",
        "FLASK_": "empty",
    }
    nested = {"FLASK_A__B__C": "deep", "FLASK_A__B__D": "2", "FLASK_A__e": "x", "FLASK_Z": "1"}
    return [
        with_environment(nested, lambda config: config.from_prefixed_env()),
        with_environment(values, lambda config: config.from_prefixed_env("OTHER")),
        with_environment(values, lambda config: config.from_prefixed_env(loads=str.upper)),
        with_environment(values, lambda config: config.from_prefixed_env()),
        with_environment({"MY_A": "1"}, lambda config: config.from_prefixed_env(prefix="MY")),
        with_environment(
            nested,
            lambda config: (config.update(A={"B": {"old": 1}}), config.from_prefixed_env())[1],
        ),
    ]


def namespaces(app, client):
    config = Config("", {"STORE_TYPE": "fs", "STORE_PATH": "/x", "store_low": 1, "OTHER": 1})
    return [
        config.get_namespace("STORE_"),
        config.get_namespace("STORE_", lowercase=False),
        config.get_namespace("STORE_", trim_namespace=False),
        config.get_namespace("none"),
    ]


def attributes_that_are_config(app, client):
    seen = [app.testing, app.secret_key, app.permanent_session_lifetime.days]
    app.testing = True
    app.secret_key = "set"
    app.config["TESTING"] = False
    seen += [app.testing, app.config["SECRET_KEY"], app.debug, app.config["DEBUG"]]
    app.debug = True
    return [*seen, app.config["DEBUG"], app.jinja_env.auto_reload]


def own_config_class(app, client):
    class Own(Config):
        pass

    class App(Flask):
        config_class = Own

    return type(App("x").config).__name__, repr(App("x").config)[:6]


def missing_key(app, client):
    return app.config["NOTHING"]


STEPS = [
    defaults,
    defaults_in_debug,
    from_pyfile,
    from_object,
    from_mapping,
    from_file,
    from_envvar,
    from_prefixed_env,
    namespaces,
    attributes_that_are_config,
    own_config_class,
    missing_key,
]
