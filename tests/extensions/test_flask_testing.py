"""Flask-Testing: test cases of a class, with templates, flashes and a live server."""

import unittest
from urllib.request import urlopen

import pytest
from flask import Flask, flash, redirect, render_template_string, url_for
from flask_testing import LiveServerTestCase, TestCase


def make_program():
    app = Flask("program")
    app.config.update(TESTING=True, SECRET_KEY="key", LIVESERVER_PORT=0, LIVESERVER_TIMEOUT=30)

    @app.get("/")
    def index():
        return "index"

    @app.get("/template")
    def template():
        flash("hello", "greeting")
        return render_template_string("{{ name }}", name="Ada")

    @app.get("/away")
    def away():
        return redirect(url_for("index"))

    @app.get("/json")
    def json():
        return {"a": 1}

    return app


class Program(TestCase):
    __test__ = False

    def create_app(self):
        return make_program()

    def test_statuses(self):
        self.assert200(self.client.get("/"))
        self.assert404(self.client.get("/missing"))
        self.assert405(self.client.post("/"))

    def test_redirects(self):
        # assertRedirects() itself expects absolute URLs, and fails with Flask 3.1 as well.
        assert self.client.get("/away").location == "/"

    def test_templates(self):
        self.client.get("/template")
        self.assertContext("name", "Ada")
        self.assertMessageFlashed("hello", "greeting")

    def test_json(self):
        assert self.client.get("/json").json == {"a": 1}


class WithoutRendering(TestCase):
    __test__ = False
    render_templates = False

    def create_app(self):
        return make_program()

    def test_templates_are_not_rendered(self):
        response = self.client.get("/template")
        assert response.data == b""
        self.assertContext("name", "Ada")


class Live(LiveServerTestCase):
    __test__ = False

    def create_app(self):
        return make_program()

    def test_it_listens(self):
        with urlopen(self.get_server_url()) as page:
            assert page.read() == b"index"


@pytest.mark.parametrize(("case", "count"), [(Program, 4), (WithoutRendering, 1), (Live, 1)])
def test_its_test_cases_pass(case, count):
    result = unittest.TestResult()

    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)

    assert result.errors + result.failures == []
    assert result.testsRun == count


def test_a_failing_assertion_fails():
    class Wrong(Program):
        def test_statuses(self):
            self.assert200(self.client.get("/missing"))

    result = unittest.TestResult()
    Wrong("test_statuses")(result)

    assert len(result.failures) == 1
