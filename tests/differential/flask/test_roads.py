"""Programs answer alike over the test client, a WSGI server, `retort run`, and ASGI servers."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAMS = sorted(path.stem for path in (HERE / "programs").glob("*.py"))
LIMIT_SECONDS = 60

UVICORN = ["-m", "uvicorn", "every_program:asgi", "--no-proxy-headers", "--port", "{port}"]
GRANIAN = ["-m", "granian", "--interface", "asgi", "--no-reload", "--port", "{port}"]
# The command of each server of `every_program.py`, after ``python``.
ROADS = {
    "wsgi": ["every_program.py", "{port}"],
    "retort run": ["-m", "retort", "run", "--port", "{port}", "every_program.py:wsgi"],
    "uvicorn with h11": [*UVICORN, "--http", "h11"],
    "uvicorn with httptools": [*UVICORN, "--http", "httptools"],
    "hypercorn": ["-m", "hypercorn", "--bind", "127.0.0.1:{port}", "every_program:asgi"],
    "granian": [*GRANIAN, "every_program:asgi"],
}

REFUSED = [
    *("GET /bad-status", "GET /big-status", "GET /zero-status"),
    *("GET /made/bad-status", "GET /made/big-status", "GET /made/zero-status"),
]
LENGTH = "an empty body has a Content-Length"
NO_METHOD = "there is no such method for this server"

# The road, or None for all; the program; starts of steps; the reason. Other answers are equal.
DIFFERENCES = [
    (None, "request_data", ["GET /url"], "the page shows wsgi.multithread, true on servers"),
    (None, "return_values", REFUSED, "a status that cannot be sent"),
    (None, "sending_files", ["GET /bytes-middle"], "its Content-Length is too long"),
    ("wsgi", "return_values", ["GET /bytearray", "GET /made/bytearray"], "it sends bytes only"),
    ("retort run", "routing_rules", ["brew /brew", "get /file"], NO_METHOD),
    ("retort run", "trusted_hosts", ["GET /"], "the server refuses a host that is no name"),
    ("retort run", "url_for_in_requests", ["GET /?query=1"], "likewise"),
    ("retort run", "return_values", ["GET /made/"], LENGTH),
    ("granian", "return_values", ["GET /made/"], LENGTH),
    (
        "uvicorn with httptools",
        "routing_rules",
        ["BREW ", "brew ", "get ", "UNHEARD-OF "],
        NO_METHOD,
    ),
    ("uvicorn with httptools", "method_views", ["UNHEARD-OF "], NO_METHOD),
]


def environment(**more):
    plain = {name: text for name, text in os.environ.items() if name[:6] != "FLASK_"}
    return {**plain, **more}


@pytest.fixture(scope="module", params=ROADS)
def road(request, choose_port, tmp_path_factory, served_by):
    """The name of a road, and the port of its server."""
    port, log = choose_port(), tmp_path_factory.mktemp("server") / "log.txt"
    with served_by(ROADS[request.param], port, log, HERE, environment()):
        yield request.param, port


def may_differ(road, program, step):
    label = step.partition(": ")[2]
    return any(
        of in (None, road) and name == program and label.startswith(tuple(starts))
        for of, name, starts, reason in DIFFERENCES
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_answers_alike_on_every_road(program, road, retort):
    name, port = road
    expected = retort.ask("by client", program)
    answers = retort.ask("by server", program, port)

    assert answers.keys() == expected.keys()
    for step, seen in expected.items():
        # With the test client, an exception of the program is raised.
        if "raised" not in seen and not may_differ(name, program, step):
            assert answers[step] == seen, step


@pytest.mark.parametrize(
    "program",
    [name for name in PROGRAMS if "async def" in (HERE / "programs" / f"{name}.py").read_text()],
)
def test_a_program_with_coroutine_functions_answers_alike_without_a_thread_that_waits(
    program, retort, choose_port, tmp_path, served_by
):
    port = choose_port()
    command = ["-m", "retort", "run", "--port", "{port}", "every_program.py:one"]
    with served_by(command, port, tmp_path / "log.txt", HERE, environment(PROGRAM=program)):
        answers = retort.ask("by server", program, port)

    expected = retort.ask("by client", program)
    for step, seen in expected.items():
        if "raised" not in seen:
            assert answers[step] == seen, step


def test_the_comparison_is_not_empty(retort):
    answers = [retort.ask("by client", program) for program in PROGRAMS]

    assert sum(len(of_program) for of_program in answers) > 900
    statuses = {seen.get("status") for of_program in answers for seen in of_program.values()}
    assert {"200", "302", "304", "400", "404", "405", "413", "500"} <= statuses
