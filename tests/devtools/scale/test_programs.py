"""`retort check --scale` on programs with known data of one process, and on stateless ones."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAMS = sorted(HERE.joinpath("programs").glob("*.py"))
STATELESS = sorted(HERE.joinpath("stateless").glob("*.py"))
EXAMPLES = Path(__file__).parents[3] / "examples"
LABEL = re.compile(r"# local: ([\w-]+)")


def labels_of(path):
    """Where a program has data of one process: line and rule, by the comments in it."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    found = ((number, LABEL.search(line)) for number, line in lines)
    return {(number, match[1]) for number, match in found if match}


@pytest.fixture(scope="module")
def found(checked):
    return checked("programs")


@pytest.fixture(scope="module")
def found_in_stateless(checked):
    return checked("stateless")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_what_lives_in_one_process_is_found_at_its_line_and_nothing_else(found, program):
    places = {(line, rule) for _, line, rule, *_ in found[program.name]}

    assert places == labels_of(program)


@pytest.mark.parametrize("program", STATELESS, ids=lambda path: path.stem)
def test_nothing_is_found_in_a_program_without_data_of_one_process(found_in_stateless, program):
    assert found_in_stateless[program.name] == []


def test_each_program_is_labelled_and_there_are_enough_of_them():
    assert len(PROGRAMS) >= 25
    assert len(STATELESS) >= 20
    assert all(map(labels_of, PROGRAMS))
    assert not any(map(labels_of, STATELESS))


# What is visible from outside: the requests that show it with two processes


VISIBLE = json.loads(HERE.joinpath("programs", "requests.json").read_text(encoding="utf-8"))
SHOW = """
import json, os, sys
import retort.as_flask
retort.as_flask.install()
from retort.cli.script_info import ScriptInfo
app = ScriptInfo(app_import_path=sys.argv[1]).load_app()
client = app.test_client()
for line in sys.stdin:
    request = json.loads(line)
    if request["cookie"]:
        client.set_cookie("session", request["cookie"])
    answer = client.open(request["target"], method=request["method"], data=request["data"],
                         content_type=request["type"])
    cookie = client.get_cookie("session")
    print(json.dumps([answer.status_code, answer.text, cookie.value if cookie else ""]))
    sys.stdout.flush()
"""


class Process:
    """A program in a process of its own, without a server."""

    def __init__(self, program, folder):
        self.process = subprocess.Popen(
            [sys.executable, "-c", SHOW, str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            encoding="utf-8",
        )

    def send(self, text, cookie):
        method, target, *rest = text.split(" ", 2)
        data = rest[0] if rest else None
        kind = "application/json" if data and data.startswith("{") else None
        if data and not kind and "=" in data:
            kind = "application/x-www-form-urlencoded"
        content = {"method": method, "target": target, "data": data, "type": kind}
        self.process.stdin.write(json.dumps({**content, "cookie": cookie}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def answers(program, folder, requests, number):
    """What one visitor sees whose requests go to ``number`` processes in turn."""
    shutil.copy(program, folder)
    processes = [Process(program.name, folder) for _ in range(number)]
    try:
        cookie, seen = "", []
        for index, text in enumerate(requests):
            status, body, cookie = processes[index % number].send(text, cookie)
            seen.append((status, body))
        return seen
    finally:
        for process in processes:
            process.end()


@pytest.mark.parametrize("name", [name for name, each in VISIBLE.items() if "requests" in each])
def test_a_visitor_of_two_processes_sees_what_was_found(name, tmp_path):
    requests = VISIBLE[name]["requests"]
    program = HERE / "programs" / name

    one, two = (answers(program, tmp_path, requests, number) for number in (1, 2))

    assert all(status < 500 for status, _ in [*one, *two])
    assert one != two


def test_each_program_has_requests_or_a_reason():
    assert set(VISIBLE) == {program.name for program in PROGRAMS}
    assert all(set(each) in ({"requests"}, {"invisible"}) for each in VISIBLE.values())
