"""Which application a command is about."""

import click
import pytest

import retort
from retort.cli import NoAppException, ScriptInfo, pass_script_info, with_appcontext


def make_app():
    return retort.Flask("made")


def test_the_application_is_loaded_once():
    info = ScriptInfo(create_app=make_app)

    assert info.load_app() is info.load_app()
    assert info._loaded_app is info.load_app()


def test_a_function_counts_more_than_an_import_path():
    info = ScriptInfo(app_import_path="not_there", create_app=make_app)

    assert info.load_app().import_name == "made"


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("shop.py", "first"),
        ("shop:other", "second"),
        ("shop.py:make('third')", "third"),
        ("sub/deep.py:app", "deep"),
        ("sub/deep:app", "deep"),
    ],
)
def test_an_import_path_is_a_module_or_file_and_perhaps_a_name(write, target, name):
    write(
        "shop.py",
        """
        import retort
        app = retort.Flask("first")
        other = retort.Flask("second")
        make = lambda name: retort.Flask(name)
        """,
    )
    write("sub/deep.py", "import retort\napp = retort.Flask('deep')\n")

    assert ScriptInfo(target).load_app().import_name == name


def test_without_a_name_wsgi_comes_before_app(write):
    write("app.py", "import retort\napp = retort.Flask('from app.py')\n")
    assert ScriptInfo().load_app().import_name == "from app.py"

    write("wsgi.py", "import retort\napp = retort.Flask('from wsgi.py')\n")
    assert ScriptInfo().load_app().import_name == "from wsgi.py"


def test_an_app_file_that_cannot_be_imported_is_reported(write):
    write("app.py", "import not_installed_at_all\n")

    with pytest.raises(NoAppException, match="There is no module 'not_installed_at_all'"):
        ScriptInfo().load_app()


def test_without_an_application_the_error_has_a_command_to_type(world):
    with pytest.raises(NoAppException) as caught:
        ScriptInfo().load_app()

    text = caught.value.format_message()
    assert text.startswith("Could not locate a Flask application")
    for way in ("retort run path/to/program.py", "--app", "FLASK_APP", str(world)):
        assert way in text


def test_a_missing_file_is_reported_with_its_absolute_path(write, world):
    write("login.py", "")

    with pytest.raises(NoAppException) as caught:
        ScriptInfo("examples/logon.py").load_app()

    text = caught.value.format_message()
    assert text.startswith("Could not import 'logon'")
    assert str(world / "examples/logon.py") in text
    assert "Did you mean login.py?" in text


@pytest.mark.parametrize(
    ("variable", "expected"), [("1", True), ("0", False), ("false", False), ("yes", True)]
)
def test_debug_mode_is_taken_from_the_environment(monkeypatch, variable, expected):
    monkeypatch.setenv("FLASK_DEBUG", variable)

    assert ScriptInfo(create_app=make_app).load_app().debug is expected


def test_debug_mode_can_be_left_to_the_program(monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "0")

    def create_app():
        app = make_app()
        app.debug = True
        return app

    assert ScriptInfo(create_app=create_app, set_debug_flag=False).load_app().debug is True


def test_data_is_a_dict_of_the_programs_own():
    assert ScriptInfo().data == {}


def test_what_the_program_raises_is_passed_on_and_remembered():
    problem = LookupError("no database")

    def create_app():
        raise problem

    info = ScriptInfo(create_app=create_app)
    with pytest.raises(LookupError, match="no database"):
        info.load_app()

    assert info.load_error is problem


def test_a_command_gets_the_script_info(runner):
    @click.command()
    @pass_script_info
    def show(info):
        click.echo(info.load_app().import_name)

    result = runner.invoke(show, obj=ScriptInfo(create_app=make_app))

    assert result.output == "made\n"


def test_a_command_runs_in_the_context_of_its_application(runner):
    @click.command()
    @click.argument("word")
    @with_appcontext
    def show(word):
        click.echo(f"{word} {retort.current_app.import_name}")

    result = runner.invoke(show, ["hello"], obj=ScriptInfo(create_app=make_app))

    assert result.output == "hello made\n"
    assert not retort.has_app_context()


def test_a_context_that_is_there_is_kept(runner):
    @click.command()
    @with_appcontext
    def show():
        click.echo(retort.current_app.import_name)

    with retort.Flask("outer").app_context():
        result = runner.invoke(show, obj=ScriptInfo(create_app=make_app))

    assert result.output == "outer\n"


def test_the_decorated_function_keeps_its_name_and_help():
    def greet():
        """Say hello."""

    decorated = with_appcontext(greet)

    assert decorated.__name__ == "greet"
    assert decorated.__doc__ == "Say hello."


def test_an_option_named_like_our_own_variables_reaches_the_command(runner):
    @click.command()
    @click.option("--ctx")
    @with_appcontext
    def show(ctx):
        click.echo(ctx)

    result = runner.invoke(show, ["--ctx", "x"], obj=ScriptInfo(create_app=make_app))

    assert result.output == "x\n"
