"""``retort compare`` on whole programs."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

SHOP = """
import flask
from flask import Flask, redirect, request, session

app = Flask(__name__)
app.secret_key = "x"
IS_RETORT = flask.__file__.endswith("retort/__init__.py")

@app.route("/")
def index():
    form = "<form method=post action=/buy><input name=item></form>"
    return '<h1>Shop</h1>\\n<a href="/about">about</a>\\n' + form

@app.route("/about")
def about():
    return ABOUT

@app.post("/buy")
def buy():
    session["item"] = request.form["item"]
    return redirect("/")

ABOUT = "about us"
"""


def digest(folder):
    found = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        found.update(str(file.relative_to(folder)).encode())
        if file.is_file():
            found.update(file.read_bytes())
    return found.hexdigest()


def result(done):
    """The result as JSON, from ``--json -``."""
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_the_login_program_gives_the_same_answers(command):
    shutil.copytree(EXAMPLES / "login", command.folder, dirs_exist_ok=True)
    before = digest(command.folder)

    done = command.run("--requests", "60", target="login.py")

    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.strip().splitlines()[-1]
    found = re.fullmatch(
        r"same answers: (\d+) of (\d+); known differences: (\d+); unexplained: 0", last
    )
    assert found, last
    assert int(found[2]) == int(found[1]) + int(found[3]) >= 20
    assert digest(command.folder) == before


def test_a_difference_is_found_once_with_its_view_and_request(command):
    command.write(SHOP + "ABOUT = 'about Retort' if IS_RETORT else 'about us'\n")

    found = result(command.run("--json", "-"))

    (finding,) = [one for one in found["findings"] if one["kind"] == "unexplained"]
    assert finding["title"] == "GET /about: the body at line 1 differs"
    assert finding["view"] == "shop.py:14 (about)"
    assert finding["differences"] == [
        {"part": "body", "place": "line 1", "left": "about us", "right": "about Retort"}
    ]
    assert finding["curl"].endswith(" http://localhost/about")
    responses = finding["first"]["sides"]
    assert responses["flask"]["response"]["body"] == "about us"
    assert responses["retort"]["response"]["body"] == "about Retort"


def test_the_exit_status_and_the_report_say_what_was_found(command):
    command.write(SHOP + "ABOUT = 'about Retort' if IS_RETORT else 'about us'\n")

    done = command.run()

    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len(lines) <= 40
    assert re.search(
        r"unexplained(, \d+ requests)?: GET /about: the body at line 1 differs", done.stdout
    )
    assert "  view: shop.py:14 (about)" in lines
    assert "    Flask 3.1.3: about us" in lines
    assert re.search(r"; unexplained: [1-9]\d*$", lines[-1])


def test_a_known_difference_fails_only_on_request(command):
    command.write(SHOP)

    assert command.run().returncode == 0
    assert command.run("--fail-on", "known").returncode == 1


def test_an_exception_of_one_side_shows_its_traceback(command):
    command.write(SHOP + "@app.get('/x')\ndef x():\n    return str(1 / (0 if IS_RETORT else 1))\n")

    found = result(command.run("--json", "-"))

    finding = next(one for one in found["findings"] if one["kind"] == "unexplained")
    assert "an exception with Retort" in finding["title"]
    assert finding["title"].endswith("ZeroDivisionError: division by zero")
    assert list(finding["tracebacks"]) == ["retort"]
    assert "return str(1 / (0 if IS_RETORT else 1))" in finding["tracebacks"]["retort"]


def test_noise_of_a_program_is_no_difference(command):
    command.write(
        SHOP
        + """
import random, secrets, time, uuid

@app.get("/noise")
def noise():
    tags = ["a", "b", "c", "d", "e"]
    random.shuffle(tags)
    body = f"<p>{uuid.uuid4()}</p>\\n<p>{time.time()}</p>\\n"
    body += f"<input name=csrf value={secrets.token_hex(16)}>\\n"
    return body + "\\n".join(f"<li>{tag}</li>" for tag in tags), {"X-Token": secrets.token_hex(8)}

@app.get("/dice")
def dice():
    return random.choice(["one", "two", "six"])
"""
    )

    done = command.run("--json", "-")

    found = result(done)
    assert found["counts"]["unexplained"] == 0, found["findings"]
    assert found["masked"]


def test_a_program_that_gives_two_answers_by_itself_is_reported_first(command, tmp_path):
    command.write(
        SHOP
        + f"""
import pathlib

@app.get("/once")
def once():
    file = pathlib.Path({str(tmp_path / "shared")!r})
    if file.exists():
        return "taken", 409
    file.write_text("")
    return "made", 201
"""
    )

    done = command.run("--json", "-", "--requests", "5")

    found = result(done)
    assert done.returncode == 0
    assert found["baseline"] == [
        "Flask 3.1.3 itself gives different answers to GET /once: status 201 and status 409."
    ]
    assert "Flask 3.1.3 gives two answers" in [one["reason"] for one in found["not_compared"]]


def test_hidden_fields_are_those_of_each_side(command):
    command.write(
        SHOP
        + """
import secrets

@app.route("/token", methods=["GET", "POST"])
def token():
    if request.method == "POST":
        good = session.get("token") == request.form.get("token")
        return "accepted" if good else "refused", 200 if good else 403
    session["token"] = secrets.token_hex(16)
    hidden = f'<input type=hidden name=token value={session["token"]}>'
    return f"<form method=post>{hidden}<input name=a></form>"
"""
    )

    found = result(command.run("--json", "-", "--report", "report.html"))

    assert found["counts"]["unexplained"] == 0, found["findings"]
    assert found["counts"]["same"] > 30
    page = (command.folder / "report.html").read_text()
    assert "<script" not in page
    assert "unexplained: 0" in page


def test_login_sends_a_form_with_the_hidden_fields_of_its_page(command):
    command.write(
        SHOP
        + """
@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST" and request.form.get("csrf") == "t":
        session["user"] = request.form["name"]
        return redirect("/private")
    return '<form method=post><input type=hidden name=csrf value=t><input name=name></form>'

@app.get("/private")
def private():
    return "hello " + session["user"] if "user" in session else ("no", 401)
"""
        + "ABOUT = 'x'\n"
    )

    found = result(
        command.run("--login", "POST /login name=ada", "--json", "-", "--skip", "^/login")
    )

    assert found["counts"]["unexplained"] == 0
    assert found["counts"]["same"] > 20
    done = command.run("--login", "/login name=ada")
    assert done.returncode == 2
    assert "write the method, the path and the fields" in done.stderr


def test_a_length_in_a_response_to_head_is_that_of_the_noise_in_the_body(command):
    command.write(
        SHOP + "import random\nFIRST = 1000 if IS_RETORT else 100\n"
        "ABOUT = f'page {random.randrange(FIRST, FIRST * 10)}'\n"
    )

    found = result(command.run("--json", "-"))

    assert found["counts"]["unexplained"] == 0, found["findings"]
    assert found["masked"]["header content-length"]


def test_a_length_that_only_a_response_to_head_has_is_a_difference(command):
    command.write(
        SHOP + "@app.get('/h')\ndef h():\n"
        "    return 'longer' if IS_RETORT and request.method == 'HEAD' else 'short'\n"
    )

    found = result(command.run("--json", "-", "--start", "/h"))

    (finding,) = [one for one in found["findings"] if one["kind"] == "unexplained"]
    assert finding["title"] == "HEAD /h: the header field content-length differs"


def test_a_side_that_ends_is_a_finding(command):
    command.write(
        SHOP
        + "import os\n@app.get('/x')\ndef x():\n    if IS_RETORT: os._exit(3)\n    return 'x'\n"
    )

    found = result(command.run("--json", "-"))

    failures = [one for one in found["findings"] if one["kind"] == "failure"]
    assert failures
    assert "ended during GET /x" in failures[0]["title"]
    assert "status 3" in failures[0]["tracebacks"][""]


def test_a_side_that_hangs_is_a_finding(command):
    command.write(
        SHOP
        + "import time\n@app.get('/x')\ndef x():\n"
        + "    time.sleep(60 if IS_RETORT else 0)\n    return 'x'\n"
    )

    found = result(command.run("--json", "-", "--timeout", "1", "--requests", "5"))

    (finding,) = [one for one in found["findings"] if one["kind"] == "unexplained"]
    assert finding["title"] == "GET /x: status 200 with Flask 3.1.3, timeout with Retort 0.1.0"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit('no database')", "no database"),
        ("x = 1", "Failed to find Flask application"),
        ("from retort import Retort\napp = Retort(__name__)", "imports retort"),
        ("def app(:", "SyntaxError"),
    ],
)
def test_a_program_that_does_not_start_ends_with_2(command, source, message):
    command.write(source)

    done = command.run()

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr.split("The program cannot be loaded.")[0]


def test_a_program_that_prints_forks_and_runs_itself_is_compared(command):
    command.write(
        "import os, subprocess, sys\nprint('x' * 1_000_000)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        + SHOP
        + "app.run()\n"
    )

    done = command.run()

    assert done.returncode == 0, done.stdout + done.stderr


def test_flask_must_be_installed(command):
    command.write(SHOP)

    done = command.run(PYTHONPATH="")

    assert done.returncode == 2
    assert "pip install flask" in done.stderr


def test_connections_to_other_machines_are_refused_and_listed(command):
    command.write(
        SHOP
        + """
import socket

@app.get("/out")
def out():
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=0.2)
    except OSError as error:
        return type(error).__name__
    return "connected"
"""
    )

    found = result(command.run("--json", "-"))

    assert found["refused_connections"] == ["192.0.2.1:80"]
    assert found["counts"]["unexplained"] == 0


def test_each_side_has_its_own_data(command):
    command.write(
        SHOP
        + """
import os, sqlite3

@app.get("/count")
def count():
    with sqlite3.connect(os.path.join(app.root_path, "count.db")) as db:
        db.execute("CREATE TABLE IF NOT EXISTS n (n)")
        db.execute("INSERT INTO n VALUES (1)")
        return str(db.execute("SELECT count(*) FROM n").fetchone()[0])

@app.get("/env")
def env():
    return os.environ["WHO"] + str(os.path.expanduser("~").startswith(os.environ["TMPDIR"][:5]))
"""
    )
    before = digest(command.folder)

    found = result(
        command.run("--json", "-", "--env", "WHO=all", "--reset", "touch made-$WHO && ls shop.py")
    )

    assert found["counts"]["unexplained"] == 0, found["findings"]
    assert digest(command.folder) == before
    found = result(command.run("--json", "-", "--env", "WHO=all", "--env", "retort:WHO=one"))
    assert [one["title"] for one in found["findings"] if one["kind"] == "unexplained"] == [
        "GET /env: the body at line 1 differs"
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--env", "X"], "write NAME=VALUE"),
        (["--env", "other:X=1"], "the sides are flask, again, retort"),
        (["--sides", "retort"], "has 1 sides"),
        (["--sides", "django,retort"], "'django' is no side"),
        (["--sides", "retort:0,retort"], "1 to 16 processes"),
        (["--sides", "retort=missing,retort"], "does not exist"),
        (["--mask", "("], "no regular expression"),
        (["--at-least", "much"], "no ratio"),
        (["--at-least", "3x"], "--measure 0"),
        (["--reset", "exit 3"], "ended with status 3"),
        (["--har", "missing.har"], "does not exist"),
        (["--skip", "("], "no regular expression"),
    ],
)
def test_a_wrong_option_is_explained(command, arguments, message):
    command.write(SHOP)

    done = command.run(*arguments)

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


COUNTER = """
from flask import Flask
app = Flask(__name__)
visits = []

@app.get("/")
def index():
    visits.append(1)
    return str(len(visits))
"""


def test_two_processes_show_state_that_lives_in_one(command):
    command.write(COUNTER)

    found = result(command.run("--sides", "retort,retort:2", "--json", "-"))

    assert found["counts"]["unexplained"] > 0
    assert found["findings"][0]["title"].startswith("GET /: the body at line 1 differs")


def test_two_processes_of_a_stateless_program_give_the_same_answers(command):
    command.write(SHOP)

    found = result(command.run("--sides", "retort,retort:2", "--json", "-"))

    assert found["counts"]["unexplained"] == 0, found["findings"]


def test_a_program_that_imports_only_retort_is_compared_with_itself(command):
    command.write(
        "from retort import Retort\napp = Retort(__name__)\n@app.get('/')\ndef index():\n"
        "    return 'hello'\n"
    )

    found = result(command.run("--sides", "retort,retort:2", "--json", "-"))

    assert found["counts"]["unexplained"] == 0
    assert found["counts"]["same"] > 0


def test_forms_in_html_files_beside_the_program_are_sent(command):
    shutil.copytree(EXAMPLES / "login", command.folder / "app")

    found = result(command.run("--requests", "30", "--json", "-", target="app/login.py"))

    assert found["counts"]["same"] > 10


def test_another_checkout_can_be_a_side(command):
    command.write(SHOP)
    source = Path(__file__).parents[2] / "src"

    found = result(command.run("--sides", f"retort={source},retort", "--json", "-"))

    assert found["counts"]["unexplained"] == 0
    assert "from " in found["sides"][0]["label"]


def test_test_clients_can_be_used_instead_of_a_server(command):
    command.write(SHOP + "ABOUT = 'about Retort' if IS_RETORT else 'about us'\n")

    found = result(command.run("--in-process", "--json", "-"))

    titles = [one["title"] for one in found["findings"] if one["kind"] == "unexplained"]
    assert titles == ["GET /about: the body at line 1 differs"]


def test_the_test_suite_runs_on_both(command):
    command.write(SHOP)
    (command.folder / "test_shop.py").write_text(
        "import shop, pytest\n"
        "def test_same(): assert shop.app.test_client().get('/about').status_code == 200\n"
        "def test_buy():\n"
        "    assert shop.app.test_client().post('/buy', data={'item': 'a'}).status_code == 302\n"
        "def test_flask_only(): assert not shop.IS_RETORT\n"
        "def test_retort_only(): assert shop.IS_RETORT\n"
        "def test_never(): assert 0\n"
        "@pytest.mark.skip\n"
        "def test_skipped(): pass\n"
    )

    done = command.run("--pytest", "test_shop.py", "--json", "-")

    found = result(done)
    assert done.returncode == 1
    assert found["tests"]["broken"] == ["test_shop.py::test_flask_only"]
    assert found["tests"]["mended"] == ["test_shop.py::test_retort_only"]
    assert len(found["tests"]["outcomes"]) == 6
    assert "IS_RETORT" in found["tests"]["texts"]["test_shop.py::test_flask_only"]
    assert found["counts"]["requests"] == 2


def test_a_suite_without_tests_is_explained(command):
    command.write(SHOP)

    done = command.run("--pytest", "missing.py")

    assert done.returncode == 2
    assert "'pytest missing.py' ran no test" in done.stderr


def test_a_side_that_does_not_start_again_ends_the_comparison_with_what_was_found(command):
    command.write(
        SHOP
        + "import os\nif os.path.exists('gone'):\n    raise RuntimeError('no data')\n"
        + "@app.get('/end')\ndef end():\n    if IS_RETORT:\n"
        + "        open('gone', 'w').close()\n        os._exit(3)\n    return 'on'\n"
    )

    found = result(command.run("--start", "/end", "--json", "-"))

    assert any("did not start again" in note and "no data" in note for note in found["notes"])
    assert [one["kind"] for one in found["findings"]].count("failure") == 1


def test_ctrl_c_ends_programs_that_still_load(command):
    command.write("import time\nopen(__file__ + '.loads', 'w').close()\ntime.sleep(1000)\n")
    temporary = command.folder.parent / "copies"
    temporary.mkdir()
    process = command.start(TMPDIR=str(temporary))
    give_up_at = time.monotonic() + 60
    while len(list(temporary.glob("*/*/program/*.loads"))) < 3:
        assert time.monotonic() < give_up_at
        time.sleep(0.01)

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)

    assert process.returncode is not None
    assert list(temporary.iterdir()) == []


def test_ctrl_c_shows_what_was_done_and_leaves_no_process(command, tmp_path):
    command.write(
        SHOP + "import time\n@app.get('/x')\ndef x():\n    time.sleep(1)\n    return 'x'\n"
    )
    process = command.start("--requests", "400", TMPDIR=str(tmp_path))
    give_up_at = time.monotonic() + 60
    while not list(tmp_path.glob("retort-compare-*/side3/output.log")):
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    time.sleep(2)  # some requests
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert "Interrupted: this is what was done until then." in out, out + err
    assert "same answers: " in out
    assert not list(tmp_path.glob("retort-compare-*"))
    assert processes_with(str(tmp_path)) == []


def processes_with(text):
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def test_the_sides_end_when_the_command_is_killed(command, tmp_path):
    command.write(
        SHOP + "import time\n@app.get('/x')\ndef x():\n    time.sleep(1)\n    return 'x'\n"
    )
    process = command.start("--requests", "400", TMPDIR=str(tmp_path))
    give_up_at = time.monotonic() + 60
    while len(processes_with(str(tmp_path))) < 4:
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    process.kill()
    process.communicate()

    while processes_with(str(tmp_path)):
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def test_keep_leaves_the_copies(command, tmp_path):
    command.write(SHOP)

    done = command.run("--keep", TMPDIR=str(tmp_path))

    (folder,) = tmp_path.glob("retort-compare-*")
    assert (folder / "side1" / "program" / "shop.py").exists()
    assert str(folder) in done.stdout.replace("\n", "")


def test_the_cost_is_measured_for_requests_with_equal_responses(command):
    command.write(SHOP)

    done = command.run("--measure", "1", "--requests", "20", "--json", "-")

    cost = result(done)["cost"]
    assert set(cost["sides"]) == {"flask", "retort"}
    for side in cost["sides"].values():
        assert side["requests"] > 50
        assert side["cpu_seconds"] > 0
        assert side["median_seconds"] <= side["p95_seconds"]
        assert side["memory_bytes"] > 10_000_000
        assert side["start_seconds"] > 0
    assert {"index", "about"} <= {one["endpoint"] for one in cost["endpoints"]}


def test_the_help_names_all_options():
    done = subprocess.run(
        [sys.executable, "-m", "retort", "compare", "--help"], capture_output=True, text=True
    )

    for option in ("--har", "--access-log", "--pytest", "--sides", "--at-least", "--mask"):
        assert option in done.stdout
