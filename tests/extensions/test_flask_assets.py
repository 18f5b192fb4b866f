"""Flask-Assets: files are joined, made smaller, and named by their content."""

import pytest
from flask import Blueprint, render_template_string
from flask_assets import Bundle, Environment


@pytest.fixture
def assets(app, write, tmp_path):
    write("static/one.js", "function one() {\n    return 1;\n}\n")
    write("static/two.js", "// a comment\nfunction two() { return 2; }\n")
    write("shop/static/shop.js", "var shop = 1;")
    shop = Blueprint(
        "shop", __name__, root_path=str(tmp_path / "shop"), static_folder="static",
        static_url_path="/shop/static",
    )  # fmt: skip
    app.register_blueprint(shop)
    assets = Environment(app)
    assets.register(
        "all_js",
        Bundle("one.js", "two.js", "shop/shop.js", filters="jsmin", output="all.%(version)s.js"),
    )
    return assets


TEMPLATE = "{% assets 'all_js' %}{{ ASSET_URL }}\n{% endassets %}"


def urls(app):
    with app.test_request_context():
        return render_template_string(TEMPLATE).split()


def test_a_bundle_is_built_and_served(app, assets, client):
    (url,) = urls(app)

    assert url.startswith("/static/all.")
    with client.get(url) as response:
        assert "function one(){return 1;}" in response.text
        assert "comment" not in response.text
        assert "var shop=1;" in response.text


def test_in_debug_mode_the_files_are_served_one_by_one(app, assets, client):
    assets.debug = True

    found = urls(app)

    assert [url.split("?")[0] for url in found] == [
        "/static/one.js",
        "/static/two.js",
        "/shop/static/shop.js",
    ]
    with client.get(found[2]) as response:
        assert response.text == "var shop = 1;"


def test_a_change_gives_the_bundle_another_name(app, assets, write):
    (before,) = urls(app)
    with app.app_context():
        write("static/one.js", "function another() {}")
        assets["all_js"].build(force=True)

    assert urls(app) != [before]


PROGRAM = """
from flask import Flask
from flask_assets import Bundle, Environment

app = Flask(__name__)
Environment(app).register("all_js", Bundle("one.js", "two.js", output="all.js"))
"""


def test_its_command_builds(write, retort, tmp_path):
    write("app.py", PROGRAM)
    write("static/one.js", "var one;")
    write("static/two.js", "var two;")

    retort("assets", "build")

    assert (tmp_path / "static" / "all.js").read_text().split("\n") == ["var one;", "var two;"]
