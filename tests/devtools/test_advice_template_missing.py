"""A template that is not found: the folders, what is in them, and the change that finds it."""

import pytest

PROGRAM = """
    from flask import Flask, render_template

    app = Flask(__name__)

    @app.get('/')
    def index():
        return render_template('{name}')
"""


@pytest.mark.parametrize("folder", ["template", "Templates", "html"])
def test_a_folder_with_another_name_is_named_or_renamed(mistake, folder):
    mistake.write("program.py", PROGRAM.format(name="login.html"))
    mistake.write(f"{folder}/login.html", "<p>log in")

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        f"There is no template 'login.html' in {mistake.folder}/templates;"
        f" it is in {mistake.folder}/{folder}."
    )
    assert advice.fix.startswith(f"Rename the folder {folder} to templates")
    assert advice.place.source == "return render_template('login.html')"
    assert mistake.mended("GET", "/").text == "<p>log in"


def test_a_file_beside_the_program_is_moved(mistake):
    mistake.write("program.py", PROGRAM.format(name="login.html"))
    mistake.write("login.html", "<p>log in")

    advice = mistake.advised("GET", "/")

    assert advice.what.endswith(f"; it is in {mistake.folder}.")
    assert (
        f"Move {mistake.folder}/login.html to {mistake.folder}/templates/login.html" in advice.fix
    )
    assert mistake.mended("GET", "/").text == "<p>log in"
    assert not (mistake.folder / "login.html").exists()


@pytest.mark.parametrize("there", ["login.htm", "Login.html", "auth/login.html"])
def test_a_near_name_is_proposed_and_the_files_are_listed(mistake, there):
    mistake.write("program.py", PROGRAM.format(name="login.html"))
    mistake.write(f"templates/{there}", "<p>log in")

    advice = mistake.advised("GET", "/")

    assert advice.what.endswith(f"; did you mean {there!r}?")
    assert (f"Files in {mistake.folder}/templates", there) in advice.facts
    assert mistake.mended("GET", "/").text == "<p>log in"


def test_a_template_that_extends_another_is_corrected_itself(mistake):
    mistake.write("program.py", PROGRAM.format(name="login.html"))
    mistake.write("templates/login.html", "{# log in #}{% extends 'bases.html' %}\n")
    mistake.write("templates/base.html", "<p>base")

    advice = mistake.advised("GET", "/")

    assert advice.place.file.endswith("templates/login.html")
    assert mistake.mended("GET", "/").text == "<p>base"


def test_a_missing_template_gets_the_path_to_create(mistake):
    mistake.write("program.py", PROGRAM.format(name="login.html"))

    advice = mistake.advised("GET", "/")

    assert advice.why == f"This folder does not exist: {mistake.folder}/templates."
    assert advice.fix == f"Create the file {mistake.folder}/templates/login.html."
    assert advice.diff == ""


def test_the_folder_of_a_blueprint_is_searched_too(mistake):
    mistake.write(
        "program.py",
        PROGRAM.format(name="login.html")
        + """
    from flask import Blueprint
    app.register_blueprint(Blueprint('auth', __name__, template_folder='pages'))
    """,
    )
    mistake.write("pages/logon.html", "<p>log in")

    advice = mistake.advised("GET", "/")

    assert f"{mistake.folder}/pages" in advice.what
    assert mistake.mended("GET", "/").text == "<p>log in"


def test_of_several_names_all_are_listed(mistake):
    mistake.write("program.py", PROGRAM.replace("'{name}'", "['a.html', 'b.html', 'c.html']"))

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        f"There is no template 'a.html', 'b.html' or 'c.html' in {mistake.folder}/templates."
    )
    assert advice.place.function == "index"


def test_a_loader_without_folders_is_not_said_to_search_folders(mistake):
    mistake.write(
        "program.py",
        PROGRAM.format(name="login.html")
        + "\n    import jinja2\n    app.jinja_loader = jinja2.DictLoader({})\n",
    )

    assert mistake.advised("GET", "/").what == "There is no template 'login.html'."
