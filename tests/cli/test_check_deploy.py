"""`retort check --deploy`: settings with where they came from, and what is unsafe about them."""

import json
from pathlib import Path

import pytest

from retort.cli.deploy_rules import why_weak
from retort.server.options import DEFAULT_THREADS

GOOD_KEY = "8f2a559490cc2a7ab61c32ed3d8060216ee0b917"

SAFE = f"""
    from flask import Flask, redirect, session, url_for

    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="{GOOD_KEY}",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=1_000_000,
    )

    @app.get("/")
    def index():
        return session.get("name", "nobody")
"""


@pytest.fixture
def deploy(retort, write):
    """Check a program: its settings by name, its findings as ``level rule``, its exit status."""

    def deploy(program=SAFE, *options, env=None):
        write("shop.py", program)
        words = ("--", *options) if options else ()
        done = retort("check", "--deploy", "--json", "shop.py", *words, env=env)
        assert done.stdout, done.stderr
        content = json.loads(done.stdout)
        deploy.settings = {
            one["name"]: (one["value"], one["source"]) for one in content["settings"]
        }
        deploy.status = done.returncode
        deploy.content = content
        return [f"{one['level']} {one['rule']}" for one in content["findings"]]

    return deploy


def with_config(**keys):
    lines = "".join(f"    app.config[{name!r}] = {value!r}\n" for name, value in keys.items())
    return f"{SAFE}\n{lines}"


def test_a_safe_program_passes(deploy):
    assert deploy() == []
    assert deploy.status == 0
    assert (deploy.content["errors"], deploy.content["warnings"]) == (0, 0)


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"SECRET_KEY": None}, "error secret-key"),
        ({"SECRET_KEY": "dev"}, "error secret-key-weak"),
        ({"SECRET_KEY_FALLBACKS": [GOOD_KEY, "secret"]}, "error secret-key-weak"),
        ({"SESSION_COOKIE_SECURE": False}, "warning cookie-secure"),
        ({"SESSION_COOKIE_HTTPONLY": False}, "warning cookie-httponly"),
        ({"SESSION_COOKIE_SAMESITE": None}, "warning cookie-samesite"),
        ({"SESSION_COOKIE_SAMESITE": "None"}, "warning cookie-samesite"),
        ({"MAX_CONTENT_LENGTH": None}, "warning max-content-length"),
        ({"TESTING": True}, "error testing"),
        ({"TEMPLATES_AUTO_RELOAD": True}, "warning templates-auto-reload"),
        ({"PROPAGATE_EXCEPTIONS": True}, "warning propagate-exceptions"),
    ],
)
def test_each_unsafe_key_is_found(deploy, keys, found):
    assert deploy(with_config(**keys)) == [found]
    assert deploy.status == (1 if found.startswith("error") else 0)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--debug",), ["error debug"]),
        (("--debug", "--host", "0.0.0.0"), ["error debug-public", "warning no-tls"]),
        (("--debugger",), ["error debug"]),
        (("--reload",), ["warning reload"]),
        (("--host", "0.0.0.0"), ["warning no-tls"]),
        (("--host", "0.0.0.0", "--proxy"), ["warning proxy-public"]),
        (("--proxy", "1"), []),
        (("--metrics",), ["warning metrics-public"]),
        (("--metrics", "--ops-port", "9000"), []),
    ],
)
def test_each_unsafe_option_is_found(deploy, options, found):
    assert deploy(SAFE, *options) == found


def test_a_cookie_without_secure_is_an_error_where_there_is_https(deploy):
    program = with_config(SESSION_COOKIE_SECURE=False)

    assert deploy(program, "--proxy", "1") == ["error cookie-secure"]
    assert deploy(with_config(SESSION_COOKIE_SECURE=False, PREFERRED_URL_SCHEME="https")) == [
        "error cookie-secure"
    ]


def test_a_key_is_only_a_warning_where_nothing_uses_the_session(deploy):
    program = SAFE.replace("redirect, session, url_for", "redirect").replace(
        'session.get("name", "nobody")', '"hello"'
    )

    assert deploy(program.replace(f'"{GOOD_KEY}"', "None")) == ["warning secret-key"]


def test_addresses_for_others_need_trusted_hosts(deploy):
    program = SAFE.replace(
        'session.get("name", "nobody")', 'session.get("x") or url_for("index", _external=True)'
    )

    assert deploy(program) == ["warning trusted-hosts"]
    trusting = f'{program}\n    app.config["TRUSTED_HOSTS"] = ["shop.example"]\n'
    assert deploy(trusting) == []


def test_a_program_that_trusts_proxies_by_itself_is_found(deploy):
    program = f"""{SAFE}
    from werkzeug.middleware.proxy_fix import ProxyFix

    app.wsgi_app = ProxyFix(app.wsgi_app)
    """

    assert deploy(program) == []
    assert deploy(program, "--proxy", "1") == ["warning proxy-twice"]
    assert sorted(deploy(program, "--host", "0.0.0.0")) == ["warning no-tls", "warning proxy-fix"]


def test_a_retort_needs_nothing_but_a_key(deploy):
    program = """
        from retort import Retort, session

        app = Retort(__name__)

        @app.get("/")
        def index():
            return session.get("name", "nobody")
    """

    assert deploy(program) == ["error secret-key"]


def test_settings_have_their_source(deploy, write):
    write(".env", "FLASK_RUN_WORKERS=3\nFLASK_MAX_COOKIE_SIZE=5000\n")
    program = f"{SAFE}\n    app.config.from_prefixed_env()\n"

    deploy(program, "--port", "8000", env={"FLASK_RUN_THREADS": "4", "FLASK_TRUSTED_HOSTS": "[]"})

    assert deploy.settings["--port"] == ("8000", "option --port")
    assert deploy.settings["--threads"] == ("4", "variable FLASK_RUN_THREADS")
    assert deploy.settings["--workers"] == ("3", "variable FLASK_RUN_WORKERS (.env file)")
    assert deploy.settings["--host"] == ("127.0.0.1", "default")
    assert deploy.settings["--debug"] == ("False", "default")
    assert deploy.settings["MAX_COOKIE_SIZE"] == (
        "5000",
        "variable FLASK_MAX_COOKIE_SIZE (.env file)",
    )
    assert deploy.settings["MAX_CONTENT_LENGTH"] == ("1000000", "program")
    assert deploy.settings["MAX_FORM_PARTS"] == ("1000", "default")


def test_limits_are_shown_and_one_of_the_server_is_enough(deploy):
    env = {"FLASK_RUN_BODY_RATE": "1K"}
    program = with_config(MAX_CONTENT_LENGTH=None)

    assert deploy(program, "--limit-body", "16M", env=env) == []
    assert deploy.settings["--limit-body"] == ("16777216", "option --limit-body")
    assert deploy.settings["--body-rate"] == ("1024", "variable FLASK_RUN_BODY_RATE")
    assert deploy.settings["--header-timeout"] == ("10.0", "default")


def test_limits_of_the_program_are_shown_with_their_key(deploy):
    env = {"FLASK_RUN_SEND_TIMEOUT": "30"}
    program = with_config(
        SERVER_LIMIT_BODY="16M",
        SERVER_BODY_TIMEOUT=9,
        SERVER_SEND_TIMEOUT=8,
        MAX_CONTENT_LENGTH=None,
    )

    assert deploy(program, "--body-timeout", "7", env=env) == []
    assert deploy.settings["--limit-body"] == ("16777216", "config SERVER_LIMIT_BODY")
    assert deploy.settings["SERVER_LIMIT_BODY"] == ("16M", "program")
    assert deploy.settings["--body-timeout"] == ("7.0", "option --body-timeout")
    assert deploy.settings["--send-timeout"] == ("30.0", "variable FLASK_RUN_SEND_TIMEOUT")
    assert deploy.settings["--limit-target"] == ("8192", "default")


def test_the_time_for_idle_connections_follows_that_for_headers(deploy):
    deploy(SAFE)
    assert deploy.settings["--keep-alive"] == ("10.0", "default")

    deploy(SAFE, "--header-timeout", "5")
    assert deploy.settings["--keep-alive"] == ("5.0", "as --header-timeout")

    deploy(with_config(SERVER_HEADER_TIMEOUT=6))
    assert deploy.settings["--keep-alive"] == ("6.0", "config SERVER_HEADER_TIMEOUT")

    deploy(with_config(SERVER_KEEP_ALIVE=7), "--header-timeout", "5")
    assert deploy.settings["--keep-alive"] == ("7.0", "config SERVER_KEEP_ALIVE")


def test_a_limit_of_the_program_from_a_variable_is_shown(deploy):
    program = f"{SAFE}\n    app.config.from_prefixed_env()\n"

    assert deploy(program, env={"FLASK_SERVER_BODY_RATE": "99"}) == []
    assert deploy.settings["--body-rate"] == ("99", "config SERVER_BODY_RATE")
    assert deploy.settings["SERVER_BODY_RATE"] == ("99", "variable FLASK_SERVER_BODY_RATE")


def test_a_limit_of_the_program_that_is_none_is_found(deploy):
    assert deploy(with_config(SERVER_HEADER_TIMEOUT="soon")) == ["error server-limit"]
    assert deploy.settings["--header-timeout"] == ("soon", "config SERVER_HEADER_TIMEOUT")
    (finding,) = deploy.content["findings"]
    assert "app.config[\"SERVER_HEADER_TIMEOUT\"]: 'soon' is not a number" in finding["message"]


@pytest.mark.parametrize(
    ("options", "env", "expected"),
    [
        ((), {}, (str(DEFAULT_THREADS), "default")),
        (("--threads", "8"), {}, ("8", "option --threads")),
        (("--without-threads",), {}, ("1", "option --without-threads")),
        (("--threads", "8", "--without-threads"), {}, ("1", "option --without-threads")),
        ((), {"FLASK_RUN_WITH_THREADS": "0"}, ("1", "variable FLASK_RUN_WITH_THREADS")),
    ],
)
def test_the_threads_are_those_in_force(deploy, options, env, expected):
    deploy(SAFE, *options, env=env)

    assert deploy.settings["--threads"] == expected


def test_what_follows_another_option_is_shown_as_it_is_in_force(deploy):
    certificate = str(Path(__file__).parent.parent / "server" / "localhost.pem")

    deploy(SAFE)
    assert deploy.settings["--reload"] == ("False", "default")
    assert deploy.settings["--http"] == ("1", "default")
    assert deploy.settings["--client-cert"] == ("-", "default")
    assert deploy.settings["--unix-mode"] == ("666", "default")

    deploy(SAFE, "--debug", "--no-debugger", "--cert", certificate, "--key", certificate)
    assert deploy.settings["--reload"] == ("True", "option --debug")
    assert deploy.settings["--debugger"] == ("False", "option --no-debugger")
    assert deploy.settings["--http"] == ("auto", "default")

    deploy(SAFE, "--cert", certificate, "--key", certificate, "--client-ca", certificate)
    assert deploy.settings["--client-cert"] == ("required", "default")


def test_debug_from_a_variable_is_named(deploy):
    assert deploy(SAFE, env={"FLASK_DEBUG": "1"}) == ["error debug"]
    assert deploy.settings["--debug"] == ("True", "variable FLASK_DEBUG")


def test_secrets_are_not_printed(retort, write):
    write("shop.py", with_config(SECRET_KEY_FALLBACKS=["another-key-of-this-program"]))

    for words in ((), ("--json",)):
        done = retort("check", "--deploy", *words, "shop.py")
        assert GOOD_KEY not in done.stdout
        assert "another-key" not in done.stdout
        assert "40 characters (hidden)" in done.stdout


def sections_of(text):
    """The paragraphs of an output, as lists of lines."""
    return [paragraph.splitlines() for paragraph in text.rstrip().split("\n\n")]


def test_the_text_has_the_findings_and_then_the_settings_that_are_not_the_default(retort, write):
    write("shop.py", with_config(SECRET_KEY="dev", MAX_CONTENT_LENGTH=None))

    done = retort("check", "--deploy", "shop.py", "--", "--workers", "2")

    assert done.returncode == 1
    error, warning, count, settings, rest = sections_of(done.stdout)
    assert error[0] == "  error (secret-key-weak)"
    assert any(line.startswith("    Fix: Create a new one:") for line in error)
    assert warning[0] == "  warning (max-content-length)"
    assert count == ["Errors: 1. Warnings: 1."]
    assert settings[0] == "Settings that are not the default:"
    assert [line.split()[0] for line in settings[1:]] == [
        *("--workers", "SECRET_KEY", "SESSION_COOKIE_SAMESITE", "SESSION_COOKIE_SECURE")
    ]
    assert settings[1].split() == ["--workers", "2", "option", "--workers"]
    assert rest[0].endswith("Show them with --all.")


def test_all_settings_are_shown_on_request(retort, write):
    write("shop.py", SAFE)

    done = retort("check", "--deploy", "--all", "shop.py")
    count, settings = sections_of(done.stdout)

    assert count == ["Nothing unsafe found."]
    assert settings[0] == "Settings:"
    assert settings[1].split() == ["--debug", "False", "default"]
    number = len(json.loads(retort("check", "--deploy", "--json", "shop.py").stdout)["settings"])
    assert len(settings) == number + 1


def test_a_program_without_settings_has_no_table_of_them(retort, write):
    write("app.py", "from flask import Flask\napp = Flask(__name__)\n")

    done = retort("check", "--deploy")

    assert "Settings that are not the default" not in done.stdout
    assert "Show them with --all." in done.stdout


def test_all_without_deploy_is_a_mistake(retort, write):
    write("app.py", SAFE)

    done = retort("check", "--all", "app.py")

    assert done.returncode == 2
    assert "--all goes with --deploy" in done.stderr


def test_the_program_can_be_named_as_for_run(retort, write):
    write("app.py", SAFE)

    assert retort("check", "--deploy").returncode == 0
    assert retort("--app", "app", "check", "--deploy", "--", "--workers", "2").returncode == 0
    assert retort("check", "--deploy", "--", "--workers", "0").returncode == 2


def test_options_of_run_without_deploy_are_a_mistake(retort, write):
    write("app.py", SAFE)

    done = retort("check", "app.py", "--", "--workers", "2")

    assert done.returncode == 2
    assert "go with --deploy" in done.stderr


@pytest.mark.parametrize(
    "key",
    [
        "dev",
        "secret",
        b"dev",
        "Super Secret Key",
        "you-will-never-guess",
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        b'_5#y2L"F4Q8z\n\xec]/',
        "a" * 40,
    ],
)
def test_a_weak_key_is_detected(key):
    assert why_weak(key)


@pytest.mark.parametrize("key", [GOOD_KEY, GOOD_KEY.encode(), "correct horse battery staple"])
def test_a_key_that_is_good_enough_is_let_pass(key):
    assert why_weak(key) is None
