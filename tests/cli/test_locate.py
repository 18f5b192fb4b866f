"""From what was typed to the application, and every way that can fail."""

import os
import sys
import types

import pytest

import retort
from retort.cli import (
    NoAppException,
    find_app_by_string,
    find_best_app,
    locate_app,
    prepare_import,
)
from retort.cli.locate import split_target


def module(**names):
    made = types.ModuleType("shop")
    made.__dict__.update(names)
    return made


@pytest.fixture
def shop_app():
    return retort.Flask("shop")


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("login", ("login", None)),
        ("login:app", ("login", "app")),
        ("login:", ("login", "")),
        ("shop/login.py", ("shop/login.py", None)),
        ("shop/login.py:make(':')", ("shop/login.py", "make(':')")),
        (r"C:\shop\login.py", (r"C:\shop\login.py", None)),
        (r"C:\shop\login.py:app", (r"C:\shop\login.py", "app")),
        ("C:/shop/login.py:make('a:b')", ("C:/shop/login.py", "make('a:b')")),
    ],
)
def test_a_target_is_a_module_and_perhaps_a_name(target, parts):
    assert split_target(target) == parts


@pytest.mark.parametrize(
    ("path", "name", "root"),
    [
        ("login", "login", "."),
        ("login.py", "login", "."),
        ("sub/login.py", "login", "sub"),
        ("package", "package", "."),
        ("package/__init__.py", "package", "."),
        ("package/__init__", "package", "."),
        ("package/inner/views.py", "package.inner.views", "."),
        ("package/inner/__init__.py", "package.inner", "."),
        ("package.inner.views", "package.inner.views", "."),
        ("package/notes.txt", "package.notes.txt", "."),
    ],
)
def test_a_path_becomes_a_dotted_name_and_its_root_importable(write, world, path, name, root):
    write("package/__init__.py", "")
    write("package/inner/__init__.py", "")
    before = list(sys.path)

    assert prepare_import(path) == name

    assert sys.path == [os.path.realpath(world / root), *before]


def test_preparing_the_same_program_twice_adds_its_folder_once():
    prepare_import("login.py")
    once = list(sys.path)

    prepare_import("login.py")

    assert sys.path == once


@pytest.mark.parametrize("name", ["app", "application"])
def test_the_usual_names_win_over_other_applications(shop_app, name):
    other = retort.Flask("other")

    assert find_best_app(module(zz=other, **{name: shop_app}, aa=other)) is shop_app


def test_the_only_application_is_found_under_any_name(shop_app):
    assert find_best_app(module(server=shop_app)) is shop_app


def test_one_application_under_two_names_is_one_application(shop_app):
    assert find_best_app(module(server=shop_app, wsgi=shop_app)) is shop_app


def test_something_else_that_is_called_app_is_passed_over(shop_app):
    assert find_best_app(module(app="text", server=shop_app)) is shop_app


@pytest.mark.parametrize("name", ["create_app", "make_app"])
def test_a_usual_factory_is_called(shop_app, name):
    assert find_best_app(module(**{name: lambda: shop_app})) is shop_app


@pytest.mark.parametrize(
    "factory",
    [lambda name=None: retort.Flask("a"), lambda **options: retort.Flask("a")],
    ids=["default", "keywords"],
)
def test_a_factory_with_only_optional_arguments_is_called(factory):
    assert find_best_app(module(create_app=factory)).import_name == "a"


def test_a_factory_that_returns_something_else_is_passed_over(shop_app):
    found = find_best_app(module(create_app=lambda: None, make_app=lambda: shop_app))

    assert found is shop_app


def test_several_applications_are_named_in_the_message():
    shop = module(admin=retort.Flask("a"), public=retort.Flask("b"))

    with pytest.raises(NoAppException) as caught:
        find_best_app(shop)

    text = caught.value.format_message()
    assert text.startswith("Detected multiple Flask applications in module 'shop'")
    assert "admin and public" in text
    assert "'shop:admin'" in text


def test_a_module_without_an_application_is_an_error_with_the_fix():
    with pytest.raises(NoAppException) as caught:
        find_best_app(module(x=1))

    text = caught.value.format_message()
    assert text.startswith("Failed to find Flask application or factory in module 'shop'")
    assert text.endswith("Write app = Flask(__name__) in it.")


def test_a_factory_with_required_arguments_is_an_error_with_its_place():
    def create_app(name, *, region):
        return retort.Flask(name)

    with pytest.raises(NoAppException) as caught:
        find_best_app(module(create_app=create_app))

    text = caught.value.format_message()
    assert "'create_app' in module 'shop'" in text
    assert f"test_locate.py:{create_app.__code__.co_firstlineno}" in text
    assert "missing a required" in text
    assert "'shop:create_app(...)'" in text


def test_a_type_error_inside_a_factory_is_the_programs_own():
    def create_app():
        raise TypeError("bad inside")

    with pytest.raises(TypeError, match="bad inside"):
        find_best_app(module(create_app=create_app))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("make", ((), {})),
        ("make()", ((), {})),
        (" make ( ) ", ((), {})),
        ("make('a')", (("a",), {})),
        ("make('a', )", (("a",), {})),
        ("make('a:b', 3, key=[1, None], other={'x': (True,)})",
         (("a:b", 3), {"key": [1, None], "other": {"x": (True,)}})),
    ],
)  # fmt: skip
def test_a_factory_gets_the_literal_arguments(shop_app, text, expected):
    calls = []

    def make(*args, **kwargs):
        calls.append((args, kwargs))
        return shop_app

    assert find_app_by_string(module(make=make), text) is shop_app
    assert calls == [expected]


def test_an_application_is_found_by_its_name(shop_app):
    assert find_app_by_string(module(server=shop_app), "server") is shop_app


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1server", "Failed to parse '1server' as an attribute name or function call."),
        ("", "Failed to parse '' as an attribute name or function call."),
        ("make(", "Failed to parse 'make(' as an attribute name or function call."),
        ("a\0b", "Failed to parse"),
        ("shop.app", "Failed to parse 'shop.app' as an attribute name or function call."),
        ("shop.make()", "Function reference must be a simple name: 'shop.make()'."),
        ("make(name)", "Failed to parse arguments as literal values: 'make(name)'."),
        ("make(*[1])", "Failed to parse arguments as literal values: 'make(*[1])'."),
        ("make(**{'a': 1})", "Failed to parse arguments as literal values"),
        ("make({[]: 1})", "Failed to parse arguments as literal values"),
        ("mak", "Failed to find attribute 'mak' in 'shop'"),
        ("mak", "Did you mean 'shop:make()'?"),
        ("zzz", "It has an application: 'shop:server'."),
        ("make(1, 2)", "The factory 'make(1, 2)' in module 'shop'"),
        ("make(1, 2)", "could not be called with the specified arguments: too many"),
        ("make(nme='x')", "Its signature is make(name=None)."),
        ("number", "A valid Flask application was not obtained from 'shop:number'"),
        ("number", "it is an object of type int"),
        ("nothing()", "it is None (does the factory return the application?)"),
    ],
)
def test_a_name_that_does_not_work_is_explained(shop_app, text, message):
    def make(name=None):
        return shop_app

    shop = module(make=make, server=shop_app, number=3, nothing=lambda: None)

    with pytest.raises(NoAppException) as caught:
        find_app_by_string(shop, text)

    assert message in caught.value.format_message()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("creat_app", "Did you mean 'shop:create_app(...)'?"),
        ("zzz", "It has a factory: 'shop:create_app(...)'."),
        ("redirec", "It has a factory: 'shop:create_app(...)'."),
    ],
)
def test_a_factory_that_needs_arguments_is_offered_with_brackets(shop_app, text, message):
    shop = module(create_app=lambda name: shop_app, redirect=retort.redirect)

    with pytest.raises(NoAppException) as caught:
        find_app_by_string(shop, text)

    assert message in caught.value.format_message()


def test_a_module_is_imported_and_searched(write):
    write("located.py", "import retort\nserver = retort.Flask('found')\n")
    prepare_import("located.py")

    assert locate_app("located", None).import_name == "found"
    assert locate_app("located", "server").import_name == "found"


def test_a_missing_module_is_reported_with_a_similar_file(write):
    write("login.py", "")
    prepare_import("logn")

    with pytest.raises(NoAppException) as caught:
        locate_app("logn", None)

    text = caught.value.format_message()
    assert text.startswith("Could not import 'logn'")
    assert "Did you mean login.py?" in text


def test_a_missing_module_can_be_no_error():
    assert locate_app("not_there", None, raise_if_not_found=False) is None


@pytest.mark.parametrize("raise_if_not_found", [True, False])
def test_an_import_that_fails_inside_the_module_is_always_reported(write, raise_if_not_found):
    write("broken_import.py", "import retort\n\nimport not_installed_at_all\n")
    prepare_import("broken_import.py")

    with pytest.raises(NoAppException) as caught:
        locate_app("broken_import", None, raise_if_not_found)

    lines = caught.value.format_message().splitlines()
    assert lines[0].startswith("There is no module 'not_installed_at_all' beside the program")
    assert lines[1:3] == [
        "  broken_import.py:3 in <module>: import not_installed_at_all",
        "ModuleNotFoundError: No module named 'not_installed_at_all'",
    ]
    assert lines[-1] == "Then run the command again."


def test_a_package_without_the_named_module_is_reported_as_missing(write):
    write("some_package/__init__.py", "")
    prepare_import("some_package")

    with pytest.raises(NoAppException, match=r"Could not import 'some_package\.nope'"):
        locate_app("some_package.nope", None)


def test_another_exception_of_the_module_is_passed_on(write):
    write("explodes.py", "raise LookupError('on import')\n")
    prepare_import("explodes.py")

    with pytest.raises(LookupError, match="on import"):
        locate_app("explodes", None)


def test_a_file_named_like_the_framework_is_an_error_with_the_fix():
    with pytest.raises(NoAppException, match="rename the file"):
        locate_app("flask", None)


def test_the_message_is_shown_without_the_usage(capsys):
    NoAppException("Nothing here.").show()

    assert capsys.readouterr().err == "Error: Nothing here.\n"


def test_it_is_a_usage_error_with_status_2():
    assert NoAppException("x").exit_code == 2


@pytest.mark.parametrize(
    ("functions", "fix"),
    [
        ((), "in it."),
        (("main",), "in it, or name the function that returns it: 'shop:main()'."),
        (("main", "index"), "in it, or name the function that returns it: 'shop:name()'."),
    ],
)
def test_a_module_without_an_application_is_to_get_one(functions, fix):
    made = module(**{name: types.FunctionType((lambda: 1).__code__, {}) for name in functions})

    with pytest.raises(NoAppException) as caught:
        find_best_app(made)

    assert caught.value.message.endswith(f"Write app = Flask(__name__) {fix}")
