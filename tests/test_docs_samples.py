"""The samples on the pages run: programs, commands, requests with curl and their responses."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import types
from pathlib import Path

import pytest
import werkzeug.test

from retort.cli import cli
from retort.devtools import with_debugger
from retort.devtools.notes import notes

PROJECT = Path(__file__).parent.parent
DOCS = PROJECT / "docs"
PAGES = [
    PROJECT / "README.md",
    *(page for page in sorted(DOCS.rglob("*.md")) if page.parent.name != "decisions"),
]
# Samples that import one of these run in tests/extensions: test_docs_samples.py, several_machines.
PACKAGES = r"flask_\w+|huey|redis|rq|celery|dramatiq|boto3"
NEEDS_AN_EXTENSION = re.compile(rf"^(from|import) ({PACKAGES})\b", re.M)
PRINTS = re.compile(r"^ *print\(.*\)  # (.*)$", re.M)
# Another page of the program, for samples that import it.
HELLO = "from flask import Flask\n\napp = Flask(__name__)\n"


def blocks(page, language):
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.M | re.S)


def name_of(page):
    return page.relative_to(PROJECT).with_suffix("").as_posix().removeprefix("docs/")


def samples():
    for page in PAGES:
        for number, block in enumerate(blocks(page, "python"), 1):
            yield pytest.param(block, id=f"{name_of(page)} {number}")


def run_sample(block, folder):
    """Load a sample; an application also lists its routes.

    :returns: what the sample printed, without the table of routes.
    """
    (folder / "hello.py").write_text(HELLO, encoding="utf-8")
    (folder / "program.py").write_text(block, encoding="utf-8")
    is_app = re.search(r"^(app = |from hello import app)", block, re.M)
    words = ["--app", "program.py", "routes"] if is_app else ["program.py"]
    done = subprocess.run(
        [sys.executable, "-m", "retort", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed, is_table, table = done.stdout.partition("Endpoint")
    if is_app:
        assert is_table, done.stdout
        assert "static" in table
    return printed.splitlines()


@pytest.mark.parametrize("block", list(samples()))
def test_a_sample_runs_and_prints_what_its_comments_say(block, tmp_path):
    if NEEDS_AN_EXTENSION.search(block):
        compile(block, "sample", "exec")  # it runs where the extensions are installed
        return

    assert run_sample(block, tmp_path) == PRINTS.findall(block)


def test_only_two_pages_need_extensions():
    needing = {
        page.name
        for page in PAGES
        if any(NEEDS_AN_EXTENSION.search(block) for block in blocks(page, "python"))
    }

    assert needing == {"recipes.md", "several-machines.md"}


def test_pages_of_the_reference_have_samples_with_results():
    for page in (DOCS / "api").glob("*.md"):
        assert any(PRINTS.search(block) for block in blocks(page, "python")), page.name


# Commands


def command_lines(program):
    """The words after ``$ program`` on all pages."""
    for page in PAGES:
        for block in [*blocks(page, "console"), *blocks(page, "text")]:
            lines = re.sub(r"\\\n\s*", "", block)
            for line in re.findall(rf"^\$ (?:\S*/)?{program} (.*)$", lines, re.M):
                yield pytest.param(shlex.split(line, comments=True), id=f"{name_of(page)}: {line}")


def parse(command, words):
    """The words that the options of a command leave over; an unknown option is an error."""
    context = command.make_context(command.name, [], resilient_parsing=True)
    _, left, _ = command.make_parser(context).parse_args(list(words))
    return left


@pytest.mark.parametrize("words", list(command_lines("retort")))
def test_the_options_of_a_command_exist(words):
    words, _, after = (list(part) for part in partition(words, "--"))
    name, *rest = parse(cli, words)
    command = cli.commands.get(name)

    if command is None:  # a command of the program or of an extension
        assert "--app" in words
    else:
        parse(command, rest)
    parse(cli.commands["run"], after)


def partition(words, word):
    position = words.index(word) if word in words else len(words)
    return words[:position], words[position : position + 1], words[position + 1 :]


@pytest.mark.parametrize("words", list(command_lines("make")))
def test_the_target_of_make_exists(words):
    targets = re.findall(r"^([\w-]+):", (PROJECT / "Makefile").read_text("utf-8"), re.M)

    assert words[0] in targets


def test_the_command_of_a_program_prints_what_the_page_shows(tmp_path):
    (program,) = [block for block in blocks(DOCS / "cli.md", "python") if "app.cli" in block]
    (line, output) = re.search(
        r"^\$ retort (--app program .*)\n(.*)", (DOCS / "cli.md").read_text("utf-8"), re.M
    ).groups()
    (tmp_path / "program.py").write_text(program, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "retort", *line.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert done.stdout.strip() == output


def test_the_form_of_the_quickstart_is_that_of_the_example():
    form = (PROJECT / "examples" / "login" / "login.html").read_text("utf-8")

    shown = blocks(DOCS / "quickstart.md", "html")

    assert "".join(form.split()) in ["".join(block.split()) for block in shown]


# The comparison with gunicorn


def test_the_options_beside_those_of_gunicorn_exist():
    run = {option for parameter in cli.commands["run"].params for option in parameter.opts}
    rows = re.findall(r"^\|(.*)\|$", (DOCS / "gunicorn.md").read_text("utf-8"), re.M)
    ours = [row.split("|")[2] for row in rows if row.count("|") == 3]
    named = {option for cell in ours for option in re.findall(r"`(--[a-z-]+)", cell)}

    assert len(named) > 30
    assert named <= run


# Requests with curl


class Request:
    """A line with curl, as arguments of the test client."""

    def __init__(self, line):
        words = shlex.split(line)[1:]
        self.method, self.headers, self.data, self.follows = None, {}, None, False
        while words:
            word = words.pop(0)
            if word == "-X":
                self.method = words.pop(0)
            elif word == "-d":
                self.data = words.pop(0)
            elif word == "-H":
                name, value = words.pop(0).split(": ")
                self.headers[name] = value
            elif word == "-I":
                self.method = "HEAD"
            elif word.startswith("-"):
                assert set(word) <= set("-iLv"), word
                self.follows = "L" in word
            else:
                self.path = word.removeprefix("http://localhost:5000")
        if self.data is not None:
            self.method = self.method or "POST"
            self.headers.setdefault("Content-Type", "application/x-www-form-urlencoded")

    def responses(self, client):
        last = client.open(
            self.path,
            method=self.method or "GET",
            data=self.data,
            headers=self.headers,
            follow_redirects=self.follows,
        )
        return [*last.history, last]


def load(source):
    module = types.ModuleType("program")
    exec(source.replace("from flask import", "from retort import"), vars(module))
    module.app.debug = True  # the page starts them with --debug
    module.app.config["TRAP_BAD_REQUEST_ERRORS"] = False  # as the server of debug mode answers
    return module.app.test_client()


def programs_to_save():
    """The programs of the tutorial that are saved as a file, by its name."""
    text = (DOCS / "http-methods.md").read_text("utf-8")
    return dict(re.findall(r"ave this as `(\w+)\.py`.*?```python\n(.*?)^```", text, re.M | re.S))


def shown(block):
    """``(request, [(status, headers, body)])`` for each curl in a block."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        line, _, output = part.partition("\n")
        if not line.startswith("curl"):
            continue
        output = re.sub(r"^>.*\n", "", output, flags=re.M)
        output = re.sub(r"^< ?", "", output, flags=re.M)
        heads = re.split(r"^HTTP/1\.1 (\d+) .*\n", output, flags=re.M)
        if len(heads) == 1:
            yield line, [(None, {}, output.strip())]
            continue
        expected = []
        for status, rest in zip(heads[1::2], heads[2::2], strict=True):
            fields, _, body = rest.partition("\n\n")
            headers = dict(field.split(": ", 1) for field in fields.strip().splitlines())
            expected.append((int(status), headers, body.strip()))
        yield line, expected


def assert_as_shown(response, status, headers, body):
    assert response.status_code == (status or 200)
    for name, value in headers.items():
        assert set(response.headers[name].split(", ")) == set(value.split(", ")), name
    if body:
        assert response.text.strip() == body


def test_requests_of_the_tutorial_have_the_responses_that_it_shows():
    text = (DOCS / "http-methods.md").read_text("utf-8")
    clients = {name: load(source) for name, source in programs_to_save().items()}
    current, requests = None, 0
    for saved, block in re.findall(
        r"ave this as `(\w+)\.py`|^```console\n(.*?)^```", text, re.M | re.S
    ):
        current = saved or current
        for line, expected in shown(block):
            responses = Request(line).responses(clients[current])
            for response, one in zip(responses, expected, strict=True):
                assert_as_shown(response, *one)
            requests += 1

    assert set(clients) == {"welcome", "notes"}
    assert requests > 10


def rows_to_try():
    text = (DOCS / "http-methods.md").read_text("utf-8")
    for status, line in re.findall(r"^\| (\d{3}) .*? \| `(curl .*?)` \|", text, re.M):
        yield pytest.param(int(status), line, id=status)


@pytest.mark.parametrize(("status", "line"), list(rows_to_try()))
def test_a_request_to_try_has_the_status_of_its_row(status, line):
    name = "welcome" if "/login" in line else "notes"

    (response,) = Request(line).responses(load(programs_to_save()[name]))

    assert response.status_code == status


# Debug mode


@pytest.fixture
def login(tmp_path, monkeypatch):
    """The tutorial's program, but `/login` accepts GET only."""
    monkeypatch.chdir(tmp_path)
    source = (PROJECT / "examples" / "login" / "login.py").read_text("utf-8")
    source = source.replace(",methods = ['POST', 'GET'])", ")")
    file = tmp_path / "login.py"
    file.write_text(source.replace("from flask import", "from retort import"), encoding="utf-8")
    module = types.ModuleType("login")
    module.__file__ = str(file)
    monkeypatch.setitem(sys.modules, "login", module)
    exec(compile(file.read_text("utf-8"), str(file), "exec"), vars(module))
    module.app.debug = True
    return module.app


def assert_in_order(shown_lines, lines):
    """Each line that is shown is there, after the one before; ``...`` stands for others."""
    position = 0
    for line in shown_lines:
        if line != "...":
            assert line in lines[position:]
            position += lines[position:].index(line) + 1


def test_the_page_about_debugging_shows_what_curl_gets(login):
    block = next(block for block in blocks(DOCS / "debugging.md", "console") if "curl" in block)
    (output,) = re.findall(r"^\$ curl .*\n((?:.*\n)+)", block, re.M)
    client = werkzeug.test.Client(with_debugger(login, console=False))

    response = client.post("/login", data={"nm": "Bob"}, headers={"Accept": "*/*"})

    assert_in_order(output.splitlines(), response.text.splitlines())


def test_the_page_about_errors_shows_the_notes_of_that_program(login):
    (block,) = blocks(DOCS / "errors.md", "text")

    assert_in_order(block.splitlines(), notes(login, 256))
