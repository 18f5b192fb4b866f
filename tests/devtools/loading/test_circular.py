"""Files that import each other."""

import runpy

import pytest

from retort.devtools.advice import advise

APP = "from flask import Flask\n"


def test_a_view_that_needs_the_application_is_imported_below_it(broken):
    advice = broken.advice(
        "shop",
        shop=f"{APP}from views import index\napp = Flask(__name__)\n",
        views="from shop import app\n\n@app.get('/')\ndef index():\n    return 'hello'\n",
    )

    assert advice.what == (
        "Circular import: shop.py:2 imports views.py, and views.py:1 needs app of shop.py, which"
        " line 3 defines later."
    )
    assert (advice.place.line, advice.place.source) == (1, "from shop import app")
    assert "below line 3" in advice.fix
    assert "Blueprint" in advice.fix
    broken.apply(advice)
    assert broken.load("shop").app.test_client().get("/").text == "hello"


def test_all_names_that_the_other_file_needs_are_defined_before_the_moved_import(broken):
    advice = broken.advice(
        "shop",
        shop=f"{APP}from views import x\napp = Flask(__name__)\nlimit = 3\n",
        views="from shop import app, limit\nx = [app, limit]\n",
    )

    assert "below line 4" in advice.fix
    broken.apply(advice)
    broken.load("shop")


def test_the_names_that_all_imported_files_need_are_defined_before_the_moved_import(broken):
    advice = broken.advice(
        "shop",
        shop____init__=f"{APP}from shop import views, models\napp = Flask(__name__)\ndb = [app]\n",
        shop__views="from shop import app\nx = app\n",
        shop__models="from . import db\ny = db\n",
    )

    assert "below line 4" in advice.fix
    broken.apply(advice)
    broken.load("shop")


def test_an_attribute_of_a_module_that_is_being_imported_is_a_circular_import(broken):
    advice = broken.advice(
        "shop",
        shop=f"{APP}import views\napp = Flask(__name__)\n",
        views="import shop\n\n@shop.app.get('/')\ndef index():\n    return 'hello'\n",
    )

    assert advice.what.startswith("Circular import: shop.py:2 imports views.py, and views.py:3")
    broken.apply(advice)
    broken.load("shop")


def test_an_extension_moves_to_a_file_of_its_own(broken):
    advice = broken.advice(
        "shop",
        shop="from models import User\nclass SQLAlchemy:\n    Model = object\ndb = SQLAlchemy()\n",
        models="from shop import db\nclass User(db.Model):\n    pass\n",
    )

    assert advice.fix == (
        "Move line 4 of shop.py into a file of its own, such as extensions.py, and import db from"
        " there in both files."
    )


def test_a_name_that_only_functions_use_is_imported_in_them(broken):
    advice = broken.advice(
        "shop",
        shop="from models import price\nrate = 3\n",
        models="from shop import rate\ndef price():\n    return rate\n",
    )

    assert advice.fix == "Move the import of rate in models.py into the functions that use it."


def test_packages_are_named_with_their_folder(broken):
    advice = broken.advice(
        "shop",
        shop____init__=f"{APP}from .views import bp\napp = Flask(__name__)\n",
        shop__views="from shop import app\nbp = app.name\n",
    )

    assert "shop/__init__.py:2 imports views.py" in advice.what
    broken.apply(advice)
    broken.load("shop")


def test_a_function_that_imports_is_the_place_of_the_cycle(broken):
    advice = broken.advice(
        "shop",
        shop="def start():\n    import views\n    return views\n\nstart()\nrate = 3\n",
        views="from shop import rate\nprint(rate)\n",
    )

    assert advice.what.startswith("Circular import: shop.py:2 imports views.py")
    assert advice.diff == ""


def test_a_factory_that_imports_a_file_that_imports_its_application(broken):
    advice = broken.advice(
        "shop",
        shop="""
            from flask import Flask

            def create_app():
                app = Flask(__name__)
                import views
                return app

            app = create_app()
            """,
        views="from shop import app\nprint(app)\n",
    )

    assert advice.what == (
        "Circular import: shop.py:5 imports views.py, and views.py:1 needs app of shop.py, which"
        " line 8 defines later."
    )
    assert advice.fix == "Use current_app in views.py, and do not import app there."


def test_an_import_that_is_used_before_the_definition_is_not_moved(broken):
    advice = broken.advice(
        "shop",
        shop="from models import rates\nprice = rates[0]\nrate = 3\n",
        models="from shop import rate\nrates = [rate]\n",
    )

    assert advice.what.startswith("Circular import: ")
    assert advice.diff == ""


def test_a_name_that_is_defined_nowhere_is_not_called_a_circular_import(broken):
    advice = broken.advice(
        "shop",
        shop=f"{APP}from views import index\napp = Flask(__name__)\n",
        views="from shop import ap\nindex = ap\n",
    )

    assert advice.what == "shop.py (shop) has no 'ap'. Did you mean 'app'?"


def test_a_script_that_is_imported_a_second_time_needs_its_own_name_moved(broken, mistake):
    broken.write(
        script=f"{APP}from views import bp\napp = Flask(__name__)\nprint(bp)\n",
        views="from script import app\nbp = app.name\n",
    )
    with pytest.raises(ImportError) as caught:
        runpy.run_path(str(mistake.folder / "script.py"), run_name="__main__")

    advice = advise(caught.value, None, None)

    assert advice.what == (
        "Circular import: script.py:2 imports views.py, and views.py:1 needs app of script.py,"
        " which line 3 defines later."
    )
    assert advice.fix == (
        "Use a Blueprint in views.py, register it in script.py, and do not import script.py."
    )
    assert "a second time" in advice.why
    assert advice.diff == ""
