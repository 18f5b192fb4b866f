"""The tutorial's story, step by step, over real sockets: ERRORS.md's list (a) to (h)."""

import contextlib
import http.client
import shutil
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "examples" / "login"
METHODS = ",methods = ['POST', 'GET']"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FROM_DISK = {**FORM, "Origin": "null"}


@pytest.fixture
def folder(tmp_path):
    for name in ("login.py", "login.html"):
        shutil.copy(TUTORIAL / name, tmp_path / name)
    return tmp_path


def change(folder, old, new):
    program = folder / "login.py"
    text = program.read_text()
    assert old in text
    program.write_text(text.replace(old, new))


def log_in(site):
    return site.ask("POST", "/login", "nm=Bob", FORM)


def is_logged_in(site):
    """While the program is loaded again, a connection that was accepted before may end."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        return log_in(site).status == 302
    return False


def test_a_b_c_the_tutorial_runs_as_it_stands(folder, serve):
    with serve(folder / "login.py", "--debug") as site:
        for answer in (log_in(site), site.ask("GET", "/login?nm=Bob")):
            assert answer.status == 302
            assert site.ask("GET", answer.headers["Location"]).text == "welcome Bob"


@pytest.mark.parametrize(
    ("edit", "status", "sentence"),
    [
        (  # (d)
            (METHODS, ""),
            405,
            "POST /login arrived; login() (login.py:8) accepts GET only.",
        ),
        (  # (e)
            ("request.form['nm']", "request.form['name']"),
            400,
            "No field 'name'. Received: nm. Did you mean 'nm'?",
        ),
    ],
)
def test_d_e_a_mistake_has_its_status_and_sentence_and_its_diff_mends_it(
    folder, serve, apply_diff, edit, status, sentence
):
    change(folder, *edit)

    with serve(folder / "login.py", "--debug") as site:
        answer = log_in(site)

        assert answer.status == status
        assert sentence in answer.text
        site.wait_for_log(sentence)
        diff = answer.text[answer.text.index("--- a/") :].partition("\n\nThe nearest")[0] + "\n"
        apply_diff(folder, diff)
        site.wait_for_log("Loaded again, ready")
        site.wait_for(lambda: is_logged_in(site))


@pytest.mark.parametrize("edit", [(METHODS, ""), ("request.form['nm']", "request.form['name']")])
def test_in_production_the_response_has_no_details_of_the_program(folder, serve, edit):
    change(folder, *edit)

    with serve(folder / "login.py") as site:
        answer = log_in(site)

    assert answer.status in (400, 405)
    for secret in ("login.py", "login()", "methods=", "--- a/", "Did you mean"):
        assert secret not in answer.text


def test_f_the_form_from_disk_works_in_debug_with_a_warning_and_is_refused_in_production(
    folder, serve
):
    change(folder, "(__name__)\n", "(__name__)\napp.config['CROSS_ORIGIN_PROTECTION'] = True\n")

    with serve(folder / "login.py", "--debug") as site:
        assert site.ask("POST", "/login", "nm=Bob", FROM_DISK).status == 302
        site.wait_for_log("In production the response is 403")
    with serve(folder / "login.py") as site:
        assert site.ask("POST", "/login", "nm=Bob", FROM_DISK).status == 403


def test_g_the_other_methods_of_the_form(folder, serve):
    with serve(folder / "login.py", "--debug") as site:
        assert site.ask("HEAD", "/login?nm=Bob").status == 302
        assert site.ask("HEAD", "/login?nm=Bob").body == b""
        assert site.ask("OPTIONS", "/login").allow == {"GET", "HEAD", "OPTIONS", "POST"}
        for method in ("PUT", "DELETE"):
            answer = site.ask(method, "/login")
            assert answer.status == 405
            assert answer.allow == {"GET", "HEAD", "OPTIONS", "POST"}
            assert f"{method} /login arrived; login() (login.py:8) accepts GET and POST only." in (
                answer.text
            )


def test_h_app_run_with_debug_shows_errors_with_status_500_and_notes(
    folder, serve_script, choose_port
):
    port = choose_port()
    change(folder, "debug = True", f"debug = True, port = {port}")
    change(folder, "return 'welcome %s' % name", "return 'welcome %s' % nme")

    with serve_script(folder / "login.py", port) as site:
        answer = site.ask("GET", "/success/Bob")

        assert answer.status == 500
        assert "There is no 'nme' here. Did you mean 'name'?" in answer.text
        site.wait_for_log("There is no 'nme' here")
        log = site.log.read_text()
        assert "Reloader on: the program is imported again after each change" in log
        assert "The module is imported twice: here, and in the process that serves" in log
        assert " * Interface: WSGI" in log
