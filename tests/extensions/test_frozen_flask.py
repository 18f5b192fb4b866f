"""Frozen-Flask: a program becomes a folder of files."""

import pytest
from flask import Blueprint, render_template_string, url_for
from flask_frozen import Freezer, relative_url_for, walk_directory


@pytest.fixture
def app(app, write, tmp_path):
    write("static/style.css", "body { color: black }")
    app.config["FREEZER_DESTINATION"] = str(tmp_path / "build")
    app.config["FREEZER_REMOVE_EXTRA_FILES"] = True
    blueprint = Blueprint("blog", __name__, url_prefix="/blog")

    @app.get("/")
    def index():
        return render_template_string(
            "<a href='{{ url_for('page', name='one') }}'>"
            "<link href='{{ url_for('static', filename='style.css') }}'>"
        )

    @app.get("/page/<name>/")
    def page(name):
        return f"page {name}, back to {relative_url_for('index')}"

    @app.get("/data.json")
    def data():
        return {"url": url_for("blog.entry", number=1)}

    @blueprint.get("/<int:number>.html")
    def entry(number):
        return f"entry {number}"

    app.register_blueprint(blueprint)
    return app


def test_every_page_is_written(app, tmp_path):
    freezer = Freezer(app)
    freezer.register_generator(lambda: [("page", {"name": "two"})])

    @freezer.register_generator
    def entries():
        yield "/blog/2.html"

    freezer.freeze()

    assert set(walk_directory(str(tmp_path / "build"))) == {
        "index.html",
        "page/one/index.html",  # found by its url_for()
        "page/two/index.html",
        "data.json",
        "blog/1.html",
        "blog/2.html",
        "static/style.css",
    }
    build = tmp_path / "build"
    assert "/page/one/" in (build / "index.html").read_text()
    assert (build / "blog" / "2.html").read_text() == "entry 2"
    assert "body" in (build / "static" / "style.css").read_text()


def test_urls_can_be_relative(app, tmp_path):
    app.config["FREEZER_RELATIVE_URLS"] = True

    Freezer(app).freeze()

    text = (tmp_path / "build" / "index.html").read_text()
    assert "href='page/one/index.html'" in text
    assert "back to ../../index.html" in (tmp_path / "build/page/one/index.html").read_text()
    # The program itself is as it was.
    assert "href='/page/one/'" in app.test_client().get("/").text


def test_a_missing_page_stops_it(app):
    freezer = Freezer(app)
    freezer.register_generator(lambda: ["/missing"])

    with pytest.raises(ValueError, match="404"):
        freezer.freeze()


def test_the_files_can_be_served(app):
    freezer = Freezer(app)
    freezer.freeze()

    served = freezer.make_static_app().test_client()
    with served.get("/page/one/") as response:
        assert response.text.startswith("page one")
