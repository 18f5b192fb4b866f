"""The alias wins over the Flask that the extensions brought along."""

import importlib
import importlib.metadata
import os
import subprocess
import sys

import pytest

import retort

# The packages these tests are about, by the module they are imported as.
MODULES = [
    "apiflask",
    "dash",
    "flask_admin",
    "flask_assets",
    "flask_babel",
    "flask_caching",
    "flask_compress",
    "flask_cors",
    "flask_dance",
    "flask_debugtoolbar",
    "flask_httpauth",
    "flask_jwt_extended",
    "flask_limiter",
    "flask_login",
    "flask_mailman",
    "flask_marshmallow",
    "flask_migrate",
    "flask_openapi3",
    "flask_principal",
    "flask_restful",
    "flask_restx",
    "flask_security",
    "flask_session",
    "flask_smorest",
    "flask_sock",
    "flask_socketio",
    "flask_sqlalchemy",
    "flask_talisman",
    "flask_testing",
    "flask_wtf",
    "flask_frozen",
    "httpbin",
    "locust.web",
    "moto.server",
    "opentelemetry.instrumentation.flask",
    "prometheus_flask_exporter",
    "pytest_flask",
    "sentry_sdk.integrations.flask",
    "webargs.flaskparser",
]


def test_a_real_flask_is_installed_beside():  # so that the other tests are not empty
    assert importlib.metadata.version("flask").startswith("3.1")
    code = "import flask; print('/retort/__init__' in flask.__file__)"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "RETORT_AS_FLASK": ""},
        capture_output=True,
        check=True,
        text=True,
    )
    assert result.stdout == "False\n"


@pytest.mark.parametrize("module", MODULES)
def test_nothing_of_the_real_flask_is_loaded_by(module):
    code = f"""
import importlib, sys
importlib.import_module({module!r})
import flask
assert "/retort/__init__" in flask.__file__, flask
folder = importlib.metadata.distribution("flask").locate_file("flask")
files = [getattr(found, "__file__", None) or "" for found in sys.modules.values()]
print([file for file in files if file.startswith(f"{{folder}}/")])
"""
    command = [sys.executable, "-m", "retort", "-c", "import importlib.metadata" + code]
    result = subprocess.run(command, capture_output=True, check=False, text=True)
    assert result.stdout.endswith("[]\n"), result.stderr


def test_the_module_in_this_process_is_ours():
    flask = importlib.import_module("flask")

    assert sys.modules["flask"] is flask
    assert flask.Flask is retort.Flask
    assert isinstance(flask.Flask(__name__), flask.Flask)
