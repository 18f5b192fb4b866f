"""The description and the page of a program that does not start."""

import click
import pytest
from werkzeug.test import Client

from retort.devtools import Failure, failure_page


def failure_of(source: str, name: str = "shop.py") -> Failure:
    try:
        exec(compile(source, name, "exec"), {})
    except BaseException as error:
        return Failure.from_exception(error)
    raise AssertionError("it did not fail")


def test_an_exception_has_a_summary_and_a_traceback():
    failure = failure_of("def price():\n    return 1 / 0\nprice()")

    assert failure.summary == "ZeroDivisionError: division by zero"
    assert failure.details.startswith("Traceback (most recent call last):\n")
    assert 'File "shop.py", line 2, in price' in failure.details


def test_a_syntax_error_shows_its_line_and_no_frames():
    failure = failure_of("x = (1,\ny = 2")

    assert failure.summary.startswith("SyntaxError: ")
    assert 'File "shop.py", line 1' in failure.details


def test_a_message_of_the_command_line_stands_alone():
    failure = Failure.from_exception(click.UsageError("No application found."))

    assert (failure.summary, failure.details) == ("No application found.", "")


@pytest.mark.parametrize(
    ("code", "words"),
    [("'no config'", "no config"), ("2", "exit status 2"), ("None", "exit status None")],
)
def test_a_program_that_exits_has_a_reason(code, words):
    assert words in failure_of(f"raise SystemExit({code})").summary


def test_frames_that_only_started_the_program_are_left_out(tmp_path):
    import runpy

    program = tmp_path / "program.py"
    program.write_text("def run():\n    undefined_name\nrun()\n")
    try:
        runpy.run_path(str(program))
    except NameError as error:
        trace = error.__traceback__.tb_next  # the first frame is this test
        details = Failure.from_exception(error.with_traceback(trace)).details

    assert "runpy" not in details
    assert str(program) in details.splitlines()[1]


def test_causes_are_kept():
    failure = failure_of("try:\n    1 / 0\nexcept Exception as e:\n    raise KeyError('k') from e")

    assert "ZeroDivisionError" in failure.details
    assert failure.summary == "KeyError: 'k'"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_every_request_gets_the_page_with_status_500(method):
    client = Client(failure_page(failure_of("1 / 0")))

    answer = client.open("/any/where", method=method, headers={"Accept": "text/html"})

    assert answer.status == "500 Internal Server Error"
    assert answer.content_type == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "division by zero" in answer.text
    assert "The server waits" in answer.text


def test_the_page_is_text_for_clients_that_do_not_accept_html():
    answer = Client(failure_page(failure_of("1 / 0"))).get("/", headers={"Accept": "*/*"})

    assert answer.content_type == "text/plain; charset=utf-8"
    assert "<" not in answer.text.replace("<module>", "")


def test_the_page_shows_markup_in_an_error_as_text():
    page = failure_page(failure_of("raise ValueError('<script>alert(1)</script>')"))

    answer = Client(page).get("/", headers={"Accept": "text/html"})

    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_half_of_a_surrogate_pair_in_an_error_does_not_break_the_page():
    page = failure_page(Failure("a name with \udc80"))

    assert Client(page).get("/").status_code == 500


def test_the_line_of_a_syntax_error_is_in_every_form(tmp_path):
    program = tmp_path / "shop.py"
    program.write_text("x = 1\ndef f(\n")
    client = Client(failure_page(failure_of(program.read_text(), str(program))))

    html = client.get("/", headers={"Accept": "text/html"})
    text = client.get("/", headers={"Accept": "*/*"})
    problem = client.get("/any", headers={"Accept": "application/json"})

    assert html.text.count("def f(") >= 1
    assert "shop.py:2" in html.text
    assert 'File "' in text.text
    assert "shop.py, line 2\n    def f(" in text.text
    assert problem.mimetype == "application/problem+json"
    assert problem.json["place"]["line"] == 2
    assert problem.json["exception"] == "SyntaxError"
    assert problem.status_code == problem.json["status"] == 500


def test_head_gets_no_body():
    assert Client(failure_page(Failure("No application found."))).head("/").data == b""


def test_the_explanation_has_the_headline_the_line_and_the_fix(tmp_path):
    program = tmp_path / "shop.py"
    program.write_text("x = (1,\n")
    failure = failure_of(program.read_text(), str(program))

    assert failure.explanation.splitlines() == [
        "Python cannot parse shop.py, line 1: '(' was never closed.",
        f"  {program}:1: x = (1,",
        "Write ) at the end of the line.",
        *failure.advice.diff.splitlines(),
    ]
    assert "+x = (1,)" in failure.explanation


def test_without_advice_there_is_no_explanation():
    assert Failure("No application found.").explanation == ""


def test_two_failures_for_the_same_reason_are_equal():
    assert failure_of("1 / 0") == failure_of("1 / 0")


@pytest.mark.parametrize("accept", ["text/html", "*/*", "application/json"])
def test_the_page_has_no_secret_and_the_details_have_the_whole_traceback(accept):
    failure = failure_of("raise ValueError('no: ' + 'postgres://ada:' + 'hunter2' + '@db')")

    answer = Client(failure_page(failure)).get("/", headers={"Accept": accept})

    assert "hunter2@db" not in answer.text
    assert "ada:hunter2@db" in failure.details


def test_the_page_has_no_value_of_a_secret_name():
    failure = failure_of("raise ValueError('password=' + 'hunter2')")

    answer = Client(failure_page(failure)).get("/", headers={"Accept": "*/*"})

    assert "password=hunter2" not in answer.text


def test_the_page_links_to_the_editor_for_a_browser_on_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("RETORT_EDITOR", "vscode://file/{path}:{line}")
    program = tmp_path / "shop.py"
    program.write_text("1 / 0\n")
    page = Client(failure_page(failure_of("1 / 0", str(program))))
    address = f'href="vscode://file/{program}:1"'

    def shown_to(client):
        headers = {"Accept": "text/html"}
        return page.get("/", headers=headers, environ_overrides={"REMOTE_ADDR": client}).text

    assert address in shown_to("127.0.0.1")
    assert "vscode:" not in shown_to("192.0.2.7")
