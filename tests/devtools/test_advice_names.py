"""Python's own errors, as beginners make them."""

import pytest

from retort.devtools.advice import advise

PROGRAM = """
    from flask import Flask, request

    app = Flask(__name__)

    @app.get('/')
    def index():
        user = request.args.get('nm')
        {line}
"""


def test_a_misspelt_name_is_corrected(mistake):
    mistake.write("program.py", PROGRAM.replace("{line}", "return 'welcome ' + usr"))

    advice = mistake.advised("GET", "/?nm=Bob")

    assert advice.what == "There is no 'usr' here. Did you mean 'user'?"
    assert advice.place.line == 8
    assert mistake.mended("GET", "/?nm=Bob").text == "welcome Bob"


def test_a_name_that_is_not_imported_is_imported(mistake):
    mistake.write("program.py", PROGRAM.replace("{line}", "return redirect('/' + user)"))

    advice = mistake.advised("GET", "/?nm=Bob")

    assert advice.what == "redirect is not imported in program.py."
    assert mistake.mended("GET", "/?nm=Bob").location == "/Bob"


def test_a_name_that_is_like_no_other_has_no_diff(mistake):
    mistake.write("program.py", PROGRAM.replace("{line}", "return zzzzqqq"))

    advice = mistake.advised("GET", "/")

    assert advice.what.startswith("There is no 'zzzzqqq' here")
    assert advice.diff == ""


# Syntax


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("def index()", "def index():"),
        ("names = ['a', 'b'", "names = ['a', 'b']"),
        ("print('hello'", "print('hello')"),
        ("name = 'Ada", "name = 'Ada'"),
    ],
)
def test_what_is_missing_in_a_line_is_added(mistake, wrong, right):
    below = "\n    return 1" if wrong.startswith("def") else ""
    mistake.write("program.py", f"{wrong}{below}\n")
    with pytest.raises(SyntaxError) as caught:
        mistake.load()

    advice = advise(caught.value, None, None)

    assert advice.what.startswith("Python cannot parse program.py, line 1: ")
    assert advice.place.source == wrong
    mistake.apply(advice.diff)
    assert (mistake.folder / "program.py").read_text() == f"{right}{below}\n"


def test_what_cannot_be_mended_in_one_place_has_no_diff(mistake):
    mistake.write("program.py", "def f(:\n  print('x\n")
    with pytest.raises(SyntaxError) as caught:
        mistake.load()

    advice = advise(caught.value, None, None)

    assert "program.py, line 2" in advice.what
    assert advice.diff == ""


# A file that hides a package


def test_a_program_called_flask_is_renamed(mistake):
    program = mistake.write("flask.py", "from flask import Flask\napp = Flask(__name__)\n")
    error = ImportError(
        "cannot import name 'Flask' from partially initialized module 'flask'", name="flask"
    )

    advice = advise(error, None, None)

    assert (
        advice.what == "Your file flask.py hides the package flask: 'import flask' finds the file."
    )
    assert "app.py" in advice.fix
    text = program.read_text()
    mistake.apply(advice.diff)
    assert (mistake.folder / "app.py").read_text() == text
    assert not program.exists()


def test_a_file_that_is_not_the_imported_one_hides_nothing(mistake):
    mistake.write("flask.py", "x = 1\n")
    error = ImportError("cannot import name 'x' from 'flask'", name="flask", path="/lib/flask.py")

    assert advise(error, None, None) is None


def test_other_imports_that_fail_are_not_explained(mistake):
    assert advise(ImportError("No module named 'nothing'", name="nothing"), None, None) is None


# Advisors never make it worse


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("this error cannot even be shown")


def test_an_error_that_cannot_be_shown_gets_no_advice(mistake):
    assert advise(Unspeakable(), None, None) is None


@pytest.mark.parametrize(
    ("line", "statement"),
    [
        ("return str(math.floor(1.5))", "import math"),
        ("return str(datetime.now() is None)", "from datetime import datetime"),
        ("return str(datetime.date(2026, 1, 2))", "import datetime"),
    ],
)
def test_a_module_of_python_is_imported(mistake, line, statement):
    mistake.write("program.py", PROGRAM.replace("{line}", line))

    advice = mistake.advised("GET", "/")

    assert advice.fix == f"Write '{statement}'."
    assert mistake.mended("GET", "/").status_code == 200


def test_a_module_that_lacks_the_attribute_is_not_imported_by_a_diff(mistake):
    mistake.write("program.py", PROGRAM.replace("{line}", "return calendar.events"))

    advice = mistake.advised("GET", "/")

    assert advice.fix == "Import calendar, or assign it."
    assert not advice.diff


@pytest.mark.parametrize("name", ["form", "text", "post", "title"])
def test_no_function_of_python_is_proposed_for_a_name_of_its_own(mistake, name):
    mistake.write("program.py", PROGRAM.replace("{line}", f"return {name}"))

    assert "Did you mean" not in mistake.advised("GET", "/").what


@pytest.mark.parametrize(("line", "meant"), [("return pritn()", "print"), ("return true", "True")])
def test_a_misspelt_function_of_python_is_corrected(mistake, line, meant):
    mistake.write("program.py", PROGRAM.replace("{line}", line))

    assert mistake.advised("GET", "/").fix == f"Write {meant}."
