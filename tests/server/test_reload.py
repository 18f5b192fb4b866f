"""The reloader: changes, errors while loading, crashes; and what the child process sees."""

import contextlib
import http.client
import os
import re
import signal
import urllib.request

import pytest

from retort.server.development.reloader import split_command_line

PROGRAM = """
    import os, sys
    from retort.server.script import run
    import werkzeug.serving

    TEXT = "first"
    print("imported", os.environ.get("WERKZEUG_RUN_MAIN"), sys.argv[1:], __name__, flush=True)

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/crash":
            os._exit(9)
        if environ["PATH_INFO"] == "/raise":
            raise ValueError("a failing view")
        text = TEXT
        if environ["PATH_INFO"] == "/about":
            text = repr([werkzeug.serving.is_running_from_reloader(), sys.path[0], sys.argv,
                         sys.orig_argv[1:], sys.modules["__main__"].__dict__ is globals()])
        if environ["PATH_INFO"] == "/pid":
            text = str(os.getpid())
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [text.encode()]

    if __name__ == "__main__":
        run(app, "127.0.0.1", 0, debug=True)
"""


@pytest.fixture
def program(start):
    program = start(PROGRAM)
    program.wait_for_answer("first")
    return program


def test_the_program_is_imported_again_after_a_change(program):
    program.rewrite('"first"', '"second"')

    program.wait_for_answer("second")
    assert "program.py changed" in program.output
    assert "Reloader on: the program is imported again after each change" in program.output


def test_the_address_is_printed_once_and_never_refuses_a_connection(program):
    program.rewrite('"first"', '"second"')
    answers = set()

    def is_second():
        # A connection that the old process had accepted may end; a browser opens another.
        with contextlib.suppress(http.client.RemoteDisconnected, ConnectionResetError):
            answers.add(program.get("/").text)
        return "second" in answers

    program.wait_for(is_second)
    assert answers <= {"first", "second"}
    assert program.output.count("Open http") == 1


def test_the_child_runs_the_same_command_and_detects_that_it_is_the_child(start, tmp_path):
    program = start(PROGRAM, words=["-X", "dev", "{file}", "--colour", "red"])

    about = program.get("/about").text

    assert about == repr(
        [
            True,
            str(tmp_path),
            [str(program.file), "--colour", "red"],
            ["-X", "dev", str(program.file), "--colour", "red"],
            True,
        ]
    )
    assert "imported None ['--colour', 'red'] __main__" in program.output
    assert "imported true ['--colour', 'red'] __main__" in program.output


@pytest.mark.parametrize("words", [["-m", "program"], ["-um", "program"]])
def test_a_module_started_by_name_is_reloaded_by_name(start, words):
    program = start(PROGRAM, words=words)
    program.wait_for_answer("first")

    program.rewrite('"first"', '"second"')

    program.wait_for_answer("second")


def test_a_program_under_the_alias_is_reloaded_under_the_alias(start):
    program = start(
        """
        import flask
        TEXT = "first"
        app = flask.Flask(__name__)

        @app.get("/")
        def index():
            return f"{TEXT} {'retort' if '/retort/__init__' in flask.__file__ else 'another'}"

        if __name__ == "__main__":
            app.run(debug=True, port=0)
        """,
        words=["-m", "retort", "{file}"],
    )
    program.wait_for_answer("first")
    program.rewrite('"first"', '"second"')
    program.wait_for_answer("second")

    assert program.get("/").text == "second retort"


def test_an_imported_module_counts_as_well(start, save, tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "prices.py").write_text("PRICE = '10'")
    program = start(PROGRAM.replace('TEXT = "first"', "from shop.prices import PRICE as TEXT"))
    program.wait_for_answer("10")

    # Of another size, since a compiled file is dated to the second.
    save(folder / "prices.py", "PRICE = '12.50'")

    program.wait_for_answer("12.50")


def test_extra_files_count_and_excluded_ones_do_not(start, save, tmp_path):
    (tmp_path / "words.txt").write_text("one")
    (tmp_path / "noise.txt").write_text("")
    program = start(
        PROGRAM.replace('"first"', 'open("words.txt").read()').replace(
            "debug=True",
            "debug=True, extra_files=['words.txt', 'noise.txt'], exclude_patterns=['*/noise.*']",
        )
    )
    program.wait_for_answer("one")
    pid = program.get("/pid").text

    (tmp_path / "noise.txt").write_text("louder")
    (tmp_path / "other.py").write_text("not_imported = True")
    program.wait_for_answer(pid, "/pid")
    save(tmp_path / "words.txt", "two")

    program.wait_for_answer("two")
    assert program.output.count("changed: loading") == 1
    assert "words.txt changed" in program.output


def test_polling_detects_a_change_too(start):
    program = start(PROGRAM.replace("debug=True", "debug=True, reloader_type='stat'"))
    program.wait_for_answer("first")

    program.rewrite('"first"', '"second"')

    program.wait_for_answer("second")


def test_a_syntax_error_is_a_page_with_status_500_until_it_is_corrected(program, save):
    good = program.file.read_text()
    save(program.file, good + "\ndef broken(:\n")
    program.wait_for_answer("SyntaxError")

    page = program.get("/any/page", Accept="text/html")
    assert page.status == 500
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "def broken(:" in page.text
    assert "runpy" not in page.text

    save(program.file, good.replace('"first"', '"mended"'))
    program.wait_for_answer("mended")
    assert program.output.count("SyntaxError") == 1


def test_an_error_while_importing_is_a_page_until_a_file_of_the_program_is_saved(program):
    program.rewrite('TEXT = "first"', "import a_module_that_comes_later")
    program.wait_for_answer("No module named 'a_module_that_comes_later'")

    (program.file.parent / "a_module_that_comes_later.py").write_text("")
    program.rewrite("import a_module_that_comes_later", 'TEXT = "there"')

    program.wait_for_answer("there")


def test_a_missing_module_is_found_when_it_is_written(program, save):
    program.rewrite('TEXT = "first"', "from late import TEXT")
    program.wait_for_answer("No module named 'late'")

    save(program.file.with_name("late.py"), "TEXT = 'better late'")

    program.wait_for_answer("better late")


def test_a_page_of_failure_is_escaped(program):
    program.rewrite('TEXT = "first"', 'raise RuntimeError("<script>")')
    program.wait_for_answer("RuntimeError")

    assert "<script>" not in program.get("/", Accept="text/html").text


def test_a_program_that_exits_while_loading_is_a_page(program):
    program.rewrite('TEXT = "first"', 'sys.exit("no configuration found")')

    program.wait_for_answer("no configuration found")


def test_a_program_that_hangs_while_loading_can_be_corrected(program):
    program.rewrite('TEXT = "first"', 'import time; print("hanging", flush=True); time.sleep(600)')
    program.wait_for_output("hanging")

    program.rewrite('import time; print("hanging", flush=True); time.sleep(600)', 'TEXT = "awake"')

    program.wait_for_answer("awake")


def test_a_crash_of_the_process_is_a_page_until_the_next_save(program):
    program.send(b"GET /crash HTTP/1.1\r\nHost: localhost\r\n\r\n")
    program.wait_for_answer("ended with exit status 9")

    program.rewrite('"first"', '"after"')

    program.wait_for_answer("after")


def test_the_debugger_answers_errors_with_status_500(program):
    answer = program.get("/raise", Accept="text/html")

    assert answer.status == 500
    assert "a failing view" in answer.text
    assert '<template id="console"' in answer.text
    assert "PIN" in program.output


def test_a_killed_parent_leaves_no_child_behind(program):
    program.process.send_signal(signal.SIGKILL)
    program.wait()

    program.wait_for(lambda: program.family() == [])


def test_a_server_that_the_program_starts_itself_is_not_taken_for_the_child(start, tmp_path):
    (tmp_path / "inner.py").write_text(
        "from retort.server.script import run\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
        "    return [b'inner']\n"
        "print('inner starts', flush=True)\n"
        "run(app, '127.0.0.1', 0)\n"
    )
    program = start(
        PROGRAM.replace(
            'if __name__ == "__main__":',
            'if os.environ.get("WERKZEUG_RUN_MAIN"):\n'
            "        import subprocess\n"
            "        subprocess.Popen([sys.executable, 'inner.py'])\n"
            '    if __name__ == "__main__":',
        )
    )
    program.wait_for(lambda: program.output.count("Open http") == 2)

    ports = re.findall(r"Open http://127\.0\.0\.1:(\d+)", program.output)
    answers = [{text_of(port) for _ in range(20)} for port in ports]
    assert sorted(answers, key=str) == [{"first"}, {"inner"}]  # whichever is printed first


def text_of(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
        return answer.read().decode()


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (["app.py", "-m", "x"], [], ["app.py", "-m", "x"]),
        (["-m", "shop", "-v"], [], ["-m", "shop", "-v"]),
        (["-mshop"], [], ["-m", "shop"]),
        (["-c", "code", "x"], [], ["-c", "code", "x"]),
        (
            ["-X", "dev", "-Werror", "-W", "ignore", "a.py"],
            ["-X", "dev", "-Werror", "-W", "ignore"],
            ["a.py"],
        ),
        (["-Bum", "shop"], ["-Bu"], ["-m", "shop"]),
        (
            ["--check-hash-based-pycs", "never", "a.py"],
            ["--check-hash-based-pycs", "never"],
            ["a.py"],
        ),
        (["-i"], ["-i"], []),
        (["-"], [], ["-"]),
        ([], [], []),
    ],
)
def test_pythons_options_are_separated_from_the_programs_arguments(arguments, options, words):
    assert split_command_line(arguments) == (options, words)


def test_the_fixture_sees_the_family_of_a_program(program):  # or the test of orphans is empty
    assert program.process.pid in program.family()
    assert len(program.family()) == 2
    assert os.getpid() not in program.family()
