"""A template that is not found: the folders, what is in them, and the change that finds it."""

import jinja2
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


def test_a_name_with_the_template_folder_loses_it(mistake):
    mistake.write("program.py", PROGRAM.format(name="templates/login.html"))
    mistake.write("templates/login.html", "<p>log in")

    advice = mistake.advised("GET", "/")

    assert advice.fix == "Write 'login.html'."
    assert mistake.mended("GET", "/").text == "<p>log in"


@pytest.mark.parametrize("extends", ["'layout.html'", "base"])
def test_the_template_that_extends_is_not_proposed_as_its_own_base(mistake, extends):
    program = PROGRAM.format(name="layouts.html")
    mistake.write("program.py", program.replace("s.html'", "s.html', base='layout.html'"))
    mistake.write("templates/layouts.html", f"{{% extends {extends} %}}")

    advice = mistake.advised("GET", "/")

    assert "did you mean" not in advice.what
    assert advice.fix == f"Create the file {mistake.folder}/templates/layout.html."


def test_a_common_extension_makes_no_two_names_similar(mistake):
    mistake.write("program.py", PROGRAM.format(name="cart.html"))
    mistake.write("templates/a.html", "")

    assert mistake.advised("GET", "/").fix.startswith("Create the file ")


def test_a_template_of_another_environment_is_not_searched_in_the_programs_folders(mistake):
    mistake.write(
        "program.py",
        """
        import jinja2
        from flask import Flask

        app = Flask(__name__)
        mail = jinja2.Environment(loader=jinja2.DictLoader({}))

        @app.get('/')
        def index():
            return mail.get_template('hello.txt').render()
        """,
    )
    mistake.write("templates/hallo.txt", "")

    mistake.ask("GET", "/")

    assert isinstance(mistake.errors[0], jinja2.TemplateNotFound)
    assert mistake.advice is None
