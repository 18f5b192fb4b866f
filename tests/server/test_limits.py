"""Limits in a program's config: what they may be, and that options go before them."""

import re
import signal
from datetime import timedelta

import pytest
from werkzeug.middleware.shared_data import SharedDataMiddleware

from retort import Flask, Retort
from retort.server.limits import LIMITS, WrongLimit, key_of, limits_of, with_limits_of
from retort.server.options import Settings

PROGRAM = """
    from flask import Flask, request

    app = Flask(__name__)
    app.config["SERVER_LIMIT_BODY"] = "1K"
    app.config["SERVER_LIMIT_TARGET"] = 100

    @app.route("/", methods=["GET", "POST"])
    def index():
        return f"got {len(request.get_data())}"
"""


def program(**config):
    app = Flask("limited")
    app.config.update(config)
    return app


@pytest.mark.parametrize(
    ("key", "value", "field", "expected"),
    [
        ("SERVER_HEADER_TIMEOUT", 2.5, "header_seconds", 2.5),
        ("SERVER_KEEP_ALIVE", 75, "keep_alive_seconds", 75),
        ("SERVER_BODY_TIMEOUT", timedelta(minutes=2), "body_seconds", 120),
        ("SERVER_BODY_RATE", 0, "body_rate", 0),
        ("SERVER_BODY_WINDOW", "20", "body_window_seconds", 20),
        ("SERVER_UPLOAD_TIMEOUT", 60, "upload_seconds", 60),
        ("SERVER_SEND_TIMEOUT", 90, "send_seconds", 90),
        ("SERVER_LIMIT_HEADERS", "16K", "header_bytes", 16_384),
        ("SERVER_LIMIT_TARGET", 65_534, "max_target_bytes", 65_534),
        ("SERVER_LIMIT_BODY", 16 * 1024**2, "max_body_bytes", 16 * 1024**2),
    ],
)
def test_each_limit_can_be_in_the_config(key, value, field, expected):
    settings = with_limits_of(program(**{key: value}), Settings(threads=7))

    assert getattr(settings, field) == expected
    assert settings.threads == 7


@pytest.mark.parametrize("app_type", [Flask, Retort])
def test_the_config_sets_no_limit_by_default(app_type):
    app = app_type("plain")

    assert [app.config[key_of(name)] for name in LIMITS] == [None] * len(LIMITS)
    assert limits_of(app) == {}


def test_what_the_operator_gives_goes_before_the_config():
    app = program(SERVER_HEADER_TIMEOUT=2, SERVER_BODY_TIMEOUT=3)
    given = {"header_seconds": 10.0}  # the default, but given

    settings = with_limits_of(app, Settings(**given, given=frozenset(given)))

    assert (settings.header_seconds, settings.body_seconds) == (10, 3)


@pytest.mark.parametrize(
    ("key", "value", "advice"),
    [
        ("SERVER_HEADER_TIMEOUT", 0, "0 is not a number of seconds from 1 to 86400, such as 10"),
        ("SERVER_BODY_TIMEOUT", "soon", "'soon' is not a number of seconds"),
        ("SERVER_BODY_WINDOW", float("nan"), "nan is not a number of seconds"),
        ("SERVER_UPLOAD_TIMEOUT", timedelta(days=31), "from 1 to 2592000"),
        ("SERVER_SEND_TIMEOUT", True, "True is not a number of seconds"),
        ("SERVER_SEND_TIMEOUT", [60], "[60] is not a number of seconds"),
        ("SERVER_BODY_RATE", -1, "0 disables the minimum rate"),
        ("SERVER_LIMIT_HEADERS", 4096, "4096 is not from 8192 to 16777216 bytes"),
        ("SERVER_LIMIT_TARGET", 65_535, "65535 is not from 1 to 65534 bytes"),
        ("SERVER_LIMIT_BODY", 1e6, "1000000.0 is not a number of bytes, such as 500000, 64K"),
        ("SERVER_LIMIT_BODY", True, "True is not a number of bytes"),
        ("SERVER_LIMIT_BODY", "1.5M", "'1.5M' is not a number of bytes"),
    ],
)
def test_an_invalid_limit_is_reported_with_its_key_its_value_and_the_range(key, value, advice):
    with pytest.raises(WrongLimit) as error:
        limits_of(program(**{key: value}))

    assert f'app.config["{key}"]: ' in error.value.message
    assert advice in error.value.message


class NotOurs:
    """A WSGI callable of another framework, with a config of its own kind."""

    config = object()


@pytest.mark.parametrize(
    "application", [lambda environ, start_response: [], NotOurs(), object(), None]
)
def test_a_program_without_such_a_config_has_the_servers_limits(application):
    assert with_limits_of(application, Settings()) == Settings()


def test_the_config_of_a_program_inside_of_layers_counts():
    app = program(SERVER_BODY_RATE=5)

    assert limits_of(SharedDataMiddleware(app, {})) == {"body_rate": 5}


def test_a_layer_around_itself_has_no_config():
    layer = SharedDataMiddleware(None, {})
    layer.app = layer

    assert limits_of(layer) == {}


def status_of(site, size=0, query=""):
    return site.ask("POST", f"/?{query}", body=b"x" * size).status


@pytest.mark.parametrize(
    "options", [(), ("--workers=2",), ("--debug", "--no-reload"), ("--debug",)]
)
def test_they_hold_however_the_program_is_served(serve, tmp_path, options):
    with serve(written(tmp_path), *options) as site:
        assert status_of(site, 1024) == 200
        assert status_of(site, 1025) == 413
        assert status_of(site, query="x" * 100) == 414


def written(folder, text=PROGRAM):
    file = folder / "limited.py"
    file.write_text("\n".join(line.removeprefix("    ") for line in text.splitlines()))
    return str(file)


def test_an_option_or_its_variable_goes_before_the_config(serve, tmp_path):
    env = {"FLASK_RUN_LIMIT_TARGET": "200"}
    with serve(written(tmp_path), "--limit-body", "2K", env=env) as site:
        assert status_of(site, 2048) == 200
        assert status_of(site, 2049) == 413
        assert status_of(site, query="x" * 199) == 200
        assert status_of(site, query="x" * 200) == 414


def test_they_hold_where_the_program_serves_itself(start):
    running = start(f"{PROGRAM}\n    app.run(port=0)\n", words=("-m", "retort", "{file}"))

    assert running.ask("POST", "/", b"x" * 1024).status == 200
    assert running.ask("POST", "/", b"x" * 1025).status == 413


WRONG = PROGRAM.replace('"1K"', "0")
MESSAGE = r'Error: app\.config\["SERVER_LIMIT_BODY"\]: 0 is not from 1 to \d+ bytes'


@pytest.mark.parametrize("options", [(), ("--workers=2",), ("--debug", "--no-reload")])
def test_a_program_with_a_wrong_limit_is_not_served(run, options):
    running = run(WRONG, "--port=0", *options)

    assert running.wait() == 1
    assert re.search(MESSAGE, running.output)
    assert "Traceback" not in running.output


def test_a_program_with_a_wrong_limit_does_not_serve_itself(start):
    running = start(f"{WRONG}\n    app.run(port=0)\n", words=("-m", "retort", "{file}"))

    assert running.wait() == 1
    assert re.search(MESSAGE, running.output)
    assert "Traceback" not in running.output


def test_with_the_reloader_a_wrong_limit_can_be_corrected(run):
    running = run(WRONG, "--port=0", "--debug")
    running.wait_for_output(MESSAGE)
    assert running.ask("GET", "/").status == 500

    running.rewrite('"SERVER_LIMIT_BODY"] = 0', '"SERVER_LIMIT_BODY"] = 5')

    running.wait_for_answer("got 0")
    assert running.ask("POST", "/", b"x" * 6).status == 413


def test_a_reload_to_a_wrong_limit_leaves_the_old_workers_serving(run):
    running = run(PROGRAM, "--port=0", "--workers=2")
    running.wait_for_answer("got 0")
    running.rewrite('"1K"', "0")

    running.process.send_signal(signal.SIGHUP)

    running.wait_for_output("The old workers go on serving")
    assert re.search(MESSAGE, running.output)
    assert running.ask("POST", "/", b"x" * 1024).status == 200
    assert running.end() == 0
