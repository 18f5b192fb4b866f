"""`retort check --scale` inspects the real extensions: what each keeps, and with which engine."""

import json
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "several-machines.md").read_text("utf-8")

APP = """
from flask import Flask

app = Flask(__name__)
app.secret_key = "a key for tests that is long enough"
"""
END = """

@app.get("/")
def index():
    return "hello"
"""


@pytest.fixture
def check(write, tmp_path, framework, shell_environment):
    """The findings of a program, as ``(rule, text of the line)``; extra variables as keywords."""
    if framework != "retort":
        pytest.skip("`retort check` is a command of Retort")

    def check(text, **variables):
        program = write("program.py", APP + dedent(text) + END)
        done = subprocess.run(
            [sys.executable, "-m", "retort", "check", "--scale", "--json", "program.py"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
            encoding="utf-8",
            env={**shell_environment, **variables},
            timeout=120,
        )
        assert done.stdout, done.stderr
        answer = json.loads(done.stdout)
        assert done.returncode == (1 if answer["errors"] else 0)
        lines = program.read_text(encoding="utf-8").splitlines()
        return [(each["rule"], lines[each["line"] - 1].strip()) for each in answer["findings"]]

    return check


LIMITER = """
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
"""


def test_a_limiter_without_storage_is_found(check):
    line = 'limiter = Limiter(get_remote_address, app=app, default_limits=["5 per minute"])'

    assert check(LIMITER + line) == [("limiter-memory", line)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('app.config["RATELIMIT_STORAGE_URI"] = "memory://"', True),
        ('app.config["RATELIMIT_STORAGE_URI"] = "redis://localhost:1"', False),
        ('app.config.update(RATELIMIT_ENABLED=False, RATELIMIT_STORAGE_URI="memory://")', False),
    ],
)
def test_the_storage_of_a_limiter_in_the_config_is_read(check, line, found):
    text = f"{LIMITER}{line}\nlimiter = Limiter(get_remote_address)\nlimiter.init_app(app)\n"

    assert check(text) == ([("limiter-memory", line)] if found else [])


def test_a_limiter_with_a_store_that_all_share_is_fine(check):
    line = 'limiter = Limiter(get_remote_address, app=app, storage_uri="redis://localhost:1")'

    assert check(LIMITER + line) == []


@pytest.mark.parametrize(
    ("kind", "options", "rule"),
    [
        ("SimpleCache", {}, "cache-memory"),
        ("FileSystemCache", {"CACHE_DIR": "cached"}, "cache-files"),
        ("RedisCache", {"CACHE_REDIS_URL": "redis://localhost:1"}, None),
        ("NullCache", {"CACHE_NO_NULL_WARNING": True}, None),
    ],
)
def test_the_backend_of_flask_caching_is_read(check, kind, options, rule):
    line = f"cache = Cache(app, config={ {'CACHE_TYPE': kind, **options}!r})"

    found = check(f"from flask_caching import Cache\n{line}")

    assert found == ([(rule, line)] if rule else [])


@pytest.mark.parametrize(
    ("call", "rule"),
    [("SimpleCache()", "cache-memory"), ("FileSystemCache('cached')", "cache-files")],
)
def test_a_cache_of_cachelib_is_found(check, call, rule):
    line = f"cache = {call}"

    found = check(f"from cachelib import FileSystemCache, SimpleCache\n{line}")

    assert found == [(rule, line)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('app.config["SESSION_TYPE"] = "filesystem"', "session-files"),
        ('app.config["SESSION_TYPE"] = "redis"', None),
    ],
)
def test_the_store_of_flask_session_is_read(check, line, rule):
    found = check(f"from flask_session import Session\n{line}\nSession(app)")

    assert found == ([(rule, line)] if rule else [])


def test_flask_session_with_a_cache_in_files_is_found(check):
    text = """
    from cachelib import FileSystemCache
    from flask_session import Session

    app.config["SESSION_TYPE"] = "cachelib"
    app.config["SESSION_CACHELIB"] = FileSystemCache("sessions")
    Session(app)
    """

    assert [rule for rule, _ in check(text)] == ["session-files", "cache-files"]


@pytest.mark.parametrize(
    ("arguments", "is_found"), [("", True), (', message_queue="redis://localhost:1"', False)]
)
def test_the_queue_of_flask_socketio_is_read(check, arguments, is_found):
    line = f'socketio = SocketIO(app, async_mode="threading"{arguments})'

    found = check(f"from flask_socketio import SocketIO\n{line}")

    assert found == ([("socketio-queue", line)] if is_found else [])


def test_what_handlers_of_flask_socketio_change_is_found(check):
    text = """
    from flask_socketio import SocketIO

    names = []
    socketio = SocketIO(app, async_mode="threading", message_queue="redis://localhost:1")


    @socketio.on("join")
    def join(name):
        names.append(name)
    """

    assert check(text) == [("socket-hub", "names.append(name)")]


def test_a_scheduler_that_starts_with_the_program_is_found(check):
    text = """
    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(daemon=True)
    scheduler.start()
    """

    assert check(text) == [("scheduler", "scheduler.start()")]


def test_a_scheduler_that_only_the_script_starts_is_fine(check):
    text = """
    from apscheduler.schedulers.background import BackgroundScheduler

    if __name__ == "__main__":
        scheduler = BackgroundScheduler(daemon=True)
        scheduler.start()
    """

    assert check(text) == []


DATABASE = """
import os

from flask_sqlalchemy import SQLAlchemy

{line}
db = SQLAlchemy(app)
"""


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ('"sqlite:///shop.db"', "local-database"),
        ('"sqlite://"', "local-database"),
        ('os.environ.get("SHOP_DATABASE", "sqlite:///shop.db")', "local-database-fallback"),
    ],
)
def test_sqlite_of_flask_sqlalchemy_is_found(check, value, rule):
    line = f'app.config["SQLALCHEMY_DATABASE_URI"] = {value}'

    assert check(DATABASE.format(line=line)) == [(rule, line)]


def test_sqlite_that_a_variable_sets_is_found_where_the_extension_is_made(check):
    text = DATABASE.format(line="app.config.from_prefixed_env()")
    variables = {"FLASK_SQLALCHEMY_DATABASE_URI": "sqlite:///shop.db"}

    assert check(text, **variables) == [("local-database", "db = SQLAlchemy(app)")]


def test_an_engine_of_sqlalchemy_on_sqlite_is_found(check):
    text = """
    from sqlalchemy import create_engine

    URL = "sqlite:///shop.db"
    engine = create_engine(URL)
    """

    assert check(text) == [("local-database", "engine = create_engine(URL)")]


def test_queries_and_sessions_of_sqlalchemy_are_no_data_of_the_process(check):
    text = """
    from flask import request
    from flask_sqlalchemy import SQLAlchemy

    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(app)


    class User(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String)


    @app.post("/users")
    def add():
        user = User(name=request.form["name"])
        user.name = user.name.strip()
        db.session.add(user)
        db.session.commit()
        User.query.filter_by(name="x").update({"name": "y"})
        other = db.session.get(User, 1)
        other.name = "z"
        return {"id": user.id}
    """

    assert [rule for rule, _ in check(text)] == ["local-database"]


def test_metrics_of_prometheus_are_information(check):
    line = 'visits = Counter("visits", "Visits of the page.")'
    text = f"from prometheus_client import Counter\n{line}\n"
    view = '\n\n@app.get("/visit")\ndef visit():\n    visits.inc()\n    return ""\n'

    assert check(text + view) == [("process-metrics", line)]


# Runs the command for several programs in one process, which loads each of them.
CHECK_ALL = """
import sys

from click.testing import CliRunner

from retort.cli import cli

for name in sys.argv[1:]:
    result = CliRunner().invoke(cli, ["check", "--scale", "--json", name])
    print(result.stdout.replace("\\n", "") or '{"findings": [{"rule": "failed"}]}')
"""


def test_the_programs_of_the_page_keep_nothing_in_one_process_but_metrics(
    write, tmp_path, shell_environment, framework
):
    if framework != "retort":
        pytest.skip("`retort check` is a command of Retort")
    programs = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    names = [f"sample_{number}.py" for number in range(len(programs))]
    for name, program in zip(names, programs, strict=True):
        write(name, program)
    addresses = {
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATABASE_URL": "postgresql+psycopg://shop@127.0.0.1:1/shop",
        "UPLOADS_BUCKET": "pictures",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "retort", "-c", CHECK_ALL, *names],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        encoding="utf-8",
        env={**shell_environment, **addresses},
        timeout=120,
    )

    found = [json.loads(line)["findings"] for line in done.stdout.splitlines()]
    assert len(found) == len(programs) > 12
    # Also for programs after it: the registry of metrics is one for the process.
    assert {finding["rule"] for each in found for finding in each} == {"process-metrics"}
