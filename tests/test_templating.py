import io
import logging
import os

import jinja2
import pytest
from jinja2 import DictLoader, FunctionLoader, TemplateNotFound, TemplatesNotFound

import retort.templating
from retort import (
    Blueprint,
    Flask,
    Response,
    flash,
    g,
    has_request_context,
    render_template,
    render_template_string,
    request,
    session,
    stream_template,
    stream_template_string,
    url_for,
)
from retort.signals import before_render_template, template_rendered


def write(folder, **texts):
    """Write ``name.html`` for each ``name=text``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text)


@pytest.fixture
def site(tmp_path):
    """An app with templates ``page``, ``base`` and ``child``."""
    write(
        tmp_path / "templates",
        page="Page {{ value }}",
        base="<{% block body %}{% endblock %}>",
        child="{% extends 'base.html' %}{% block body %}child {{ value }}{% endblock %}",
    )
    app = Flask("site under test", root_path=str(tmp_path))
    app.config.update(TESTING=True, SECRET_KEY="test key")
    return app


def blueprint_with_templates(name, folder, **texts):
    write(folder / "templates", **texts)
    return Blueprint(name, f"module_of_{name}", root_path=str(folder), template_folder="templates")


# Rendering


def test_a_template_is_rendered_with_the_given_values(site):
    with site.app_context():
        assert render_template("page.html", value=7) == "Page 7"


def test_templates_can_extend_one_another(site):
    with site.app_context():
        assert render_template("child.html", value=1) == "<child 1>"


def test_a_template_may_be_given_as_text(site):
    with site.app_context():
        assert render_template_string("{{ a }}+{{ b }}", a=1, b=2) == "1+2"
        assert render_template_string("{% extends 'base.html' %}") == "<>"


def test_a_template_may_be_given_as_an_object(site):
    with site.app_context():
        template = site.jinja_env.get_template("page.html")
        assert render_template(template, value="x") == "Page x"
        assert render_template(["missing.html", template], value="y") == "Page y"


def test_the_first_template_of_a_list_that_exists_is_taken(site):
    with site.app_context():
        assert render_template(["missing.html", "page.html", "base.html"]) == "Page "


def test_a_missing_template_is_named(site):
    with site.app_context():
        with pytest.raises(TemplateNotFound, match=r"missing\.html"):
            render_template("missing.html")
        with pytest.raises(TemplatesNotFound, match="one, two"):
            render_template(["one", "two"])


@pytest.mark.parametrize("name", ["../secret.html", "/etc/passwd", "a/../../secret.html", ""])
def test_a_name_that_leads_out_of_the_folder_is_not_found(site, tmp_path, name):
    write(tmp_path, secret="secret")

    with site.app_context(), pytest.raises(TemplateNotFound):
        render_template(name)


def test_a_syntax_error_in_a_template_names_file_and_line(site, tmp_path):
    write(tmp_path / "templates", broken="fine\n{% if %}")

    with site.app_context(), pytest.raises(jinja2.TemplateSyntaxError) as caught:
        render_template("broken.html")

    assert caught.value.lineno == 2
    assert caught.value.filename == str(tmp_path / "templates" / "broken.html")


@pytest.mark.parametrize(
    "function", [render_template, render_template_string, stream_template, stream_template_string]
)
def test_rendering_outside_of_an_app_is_a_clear_error(function):
    with pytest.raises(RuntimeError, match="application context"):
        function("page.html")


def test_a_changed_template_is_read_again_with_templates_auto_reload(site, tmp_path):
    site.config["TEMPLATES_AUTO_RELOAD"] = True
    path = tmp_path / "templates" / "page.html"

    with site.app_context():
        assert render_template("page.html") == "Page "
        path.write_text("Changed")
        os.utime(path, (1, 1))
        assert render_template("page.html") == "Changed"


def test_a_changed_template_is_not_read_again_by_default(site, tmp_path):
    path = tmp_path / "templates" / "page.html"

    with site.app_context():
        render_template("page.html")
        path.write_text("Changed")
        os.utime(path, (1, 1))
        assert render_template("page.html") == "Page "


def test_debug_mode_reads_changed_templates_again(site):
    site.debug = True

    assert site.jinja_env.auto_reload is True


# Autoescape


@pytest.mark.parametrize("ending", ["html", "htm", "xml", "xhtml", "svg"])
def test_values_are_escaped_in_templates_for_markup(site, tmp_path, ending):
    (tmp_path / "templates" / f"t.{ending}").write_text("{{ value }}")

    with site.app_context():
        assert render_template(f"t.{ending}", value="<b>") == "&lt;b&gt;"


@pytest.mark.parametrize("ending", ["txt", "js", "mail"])
def test_values_are_not_escaped_in_other_templates(site, tmp_path, ending):
    (tmp_path / "templates" / f"t.{ending}").write_text("{{ value }}")

    with site.app_context():
        assert render_template(f"t.{ending}", value="<b>") == "<b>"


def test_values_are_escaped_in_templates_given_as_text(site):
    with site.app_context():
        assert render_template_string("{{ value }}", value="<b>") == "&lt;b&gt;"
        assert render_template_string("{{ value|safe }}", value="<b>") == "<b>"
        source = "{% autoescape false %}{{ value }}{% endautoescape %}"
        assert render_template_string(source, value="<b>") == "<b>"


def test_the_app_decides_what_is_escaped(tmp_path):
    class OwnApp(Flask):
        def select_jinja_autoescape(self, filename):
            return filename == "escaped.txt"

    write(tmp_path / "templates")
    for name in ("escaped.txt", "plain.html"):
        (tmp_path / "templates" / name).write_text("{{ value }}")

    with OwnApp("own", root_path=str(tmp_path)).app_context():
        assert render_template("escaped.txt", value="<") == "&lt;"
        assert render_template("plain.html", value="<") == "<"


def test_tojson_is_safe_in_a_script(site):
    with site.app_context():
        text = render_template_string("{{ value|tojson }}", value={"b": "</script>'", "a": 1})

    assert text == '{"a": 1, "b": "\\u003c/script\\u003e\\u0027"}'


# The context of every template


def test_a_template_has_the_request_the_session_and_g(site):
    with site.test_request_context("/path?q=5"):
        g.name = "Ada"
        session["mark"] = "!"

        text = render_template_string("{{ request.args.q }} {{ g.name }} {{ session.mark }}")

    assert text == "5 Ada !"


def test_a_template_has_config_url_for_and_flashed_messages(site):
    site.config["TITLE"] = "Retort"
    site.add_url_rule("/there", "there", lambda: "")

    with site.test_request_context():
        flash("saved")
        text = render_template_string(
            "{{ config.TITLE }} {{ url_for('there') }} {{ get_flashed_messages()[0] }}"
        )

    assert text == "Retort /there saved"


def test_outside_of_a_request_a_template_does_without_it(site):
    with site.app_context():
        g.name = "Ada"
        assert render_template_string("{{ g.name }}") == "Ada"
        with pytest.raises(RuntimeError, match="request context"):
            render_template_string("{{ request.path }}")


def test_a_template_that_does_not_read_the_session_does_not_access_it(site):
    @site.get("/plain")
    def plain():
        return render_template_string("plain")

    @site.get("/reads")
    def reads():
        return render_template_string("{{ session.name }}")

    client = site.test_client()
    assert "Vary" not in client.get("/plain").headers
    assert client.get("/reads").headers["Vary"] == "Cookie"


def test_an_imported_template_has_the_globals_but_not_the_context(site, tmp_path):
    write(
        tmp_path / "templates",
        macros="{% macro m() %}{{ config.X }} {{ request.path }} {{ own }}.{% endmacro %}",
    )
    site.config["X"] = "x"
    site.context_processor(lambda: {"own": "mine"})

    with site.test_request_context("/p"):
        source = "{% from 'macros.html' import m %}{{ m() }}"
        assert render_template_string(source) == "x /p ."
        source = "{% from 'macros.html' import m with context %}{{ m() }}"
        assert render_template_string(source) == "x /p mine."


def test_macros_are_not_cached_with_the_values_of_a_request(site, tmp_path):
    write(tmp_path / "templates", macros="{% macro m() %}{{ g.user }}{% endmacro %}")
    source = "{% from 'macros.html' import m with context %}{{ m() }}"

    for user in ("Ada", "Bob"):
        with site.test_request_context():
            g.user = user
            assert render_template_string(source) == user


# Context processors


def test_a_context_processor_adds_values(site):
    @site.context_processor
    def values():
        return {"value": "from processor"}

    with site.app_context():
        assert render_template("page.html") == "Page from processor"


def test_values_given_to_render_template_win_over_context_processors(site):
    site.context_processor(lambda: {"value": "processor"})

    with site.app_context():
        assert render_template("page.html", value="given") == "Page given"
        assert render_template("page.html", value=None) == "Page None"


def test_a_later_context_processor_wins_over_an_earlier_one(site):
    site.context_processor(lambda: {"value": "early"})
    site.context_processor(lambda: {"value": "late"})

    with site.app_context():
        assert render_template("page.html") == "Page late"


def test_a_context_processor_may_provide_a_function(site):
    site.context_processor(lambda: {"double": lambda number: 2 * number})

    with site.app_context():
        assert render_template_string("{{ double(4) }}") == "8"


def test_an_async_context_processor_is_awaited(site):
    @site.context_processor
    async def values():
        return {"value": "awaited"}

    with site.app_context():
        assert render_template("page.html") == "Page awaited"


def test_a_context_processor_of_a_blueprint_counts_only_for_its_requests(site):
    blueprint = Blueprint("inner", __name__, url_prefix="/inner")
    site.context_processor(lambda: {"value": "app"})
    blueprint.context_processor(lambda: {"value": "blueprint"})
    blueprint.add_url_rule("/", "index", lambda: render_template("page.html"))
    site.register_blueprint(blueprint)
    site.add_url_rule("/", "index", lambda: render_template("page.html"))
    client = site.test_client()

    assert client.get("/inner/").text == "Page blueprint"
    assert client.get("/").text == "Page app"


def test_a_context_processor_of_a_blueprint_counts_where_the_app_has_none(site):
    pages = Blueprint("pages", __name__)
    pages.context_processor(lambda: {"value": "of pages"})
    pages.add_url_rule("/pages", view_func=lambda: render_template("page.html"), endpoint="all")
    site.register_blueprint(pages)
    del site.template_context_processors[None]

    assert site.test_client().get("/pages").text == "Page of pages"


def test_an_app_context_processor_of_a_blueprint_counts_for_all_requests(site):
    blueprint = Blueprint("inner", __name__)
    blueprint.app_context_processor(lambda: {"value": "blueprint"})
    site.register_blueprint(blueprint)

    with site.app_context():
        assert render_template("page.html") == "Page blueprint"


def test_a_context_processor_is_called_for_each_rendering(site):
    counter = iter(range(10))
    site.context_processor(lambda: {"value": next(counter)})

    with site.app_context():
        assert render_template("page.html") == "Page 0"
        assert render_template("page.html") == "Page 1"


def test_a_context_processor_put_into_the_dictionary_later_counts(site):
    with site.app_context():
        assert render_template("page.html") == "Page "
        site.template_context_processors[None].append(lambda: {"value": "late"})
        assert render_template("page.html") == "Page late"


def test_update_template_context_can_be_overridden(tmp_path):
    class OwnApp(Flask):
        def update_template_context(self, context):
            super().update_template_context(context)
            context["value"] = "forced"

    write(tmp_path / "templates", page="{{ value }}")
    with OwnApp("own", root_path=str(tmp_path)).app_context():
        assert render_template("page.html", value="given") == "forced"


# Filters, tests and globals


def test_filters_tests_and_globals_of_the_app_are_available(site):
    @site.template_filter()
    def backwards(text):
        return text[::-1]

    @site.template_filter("twice")
    def double(text):
        return text * 2

    @site.template_test("teen")
    def is_teen(number):
        return 12 < number < 20

    @site.template_global()
    def answer():
        return 42

    with site.app_context():
        source = "{{ 'abc'|backwards|twice }} {{ 13 is teen }} {{ 20 is teen }} {{ answer() }}"
        assert render_template_string(source) == "cbacba True False 42"


def test_filters_can_be_added_without_a_decorator(site):
    site.add_template_filter(str.upper, "shouted")
    site.add_template_test(str.isupper, "loud")
    site.add_template_global(max, "largest")

    with site.app_context():
        source = "{{ 'a'|shouted }} {{ 'A' is loud }} {{ largest(1, 2) }}"
        assert render_template_string(source) == "A True 2"


def test_a_filter_named_by_its_function(site):
    def half(number):
        return number / 2

    site.add_template_filter(half)

    with site.app_context():
        assert render_template_string("{{ 3|half }}") == "1.5"


def test_filters_of_a_blueprint_are_available_in_all_templates(site):
    blueprint = Blueprint("inner", __name__)
    blueprint.app_template_filter("shouted")(str.upper)
    blueprint.app_template_test("loud")(str.isupper)
    blueprint.app_template_global("largest")(max)
    site.register_blueprint(blueprint)

    with site.app_context():
        source = "{{ 'a'|shouted }} {{ 'A' is loud }} {{ largest(1, 2) }}"
        assert render_template_string(source) == "A True 2"


# The environment


def test_the_environment_is_made_once_of_the_class_the_app_names(site):
    class OwnEnvironment(retort.templating.Environment):
        pass

    site.jinja_environment = OwnEnvironment

    assert type(site.jinja_env) is OwnEnvironment
    assert site.jinja_env is site.jinja_env
    assert site.jinja_env.app is site


def test_jinja_options_reach_the_environment(tmp_path):
    class OwnApp(Flask):
        jinja_options = {"trim_blocks": True, "variable_start_string": "[["}

    environment = OwnApp("own", root_path=str(tmp_path)).jinja_env

    assert environment.trim_blocks is True
    assert environment.variable_start_string == "[["


def test_an_environment_of_the_program_s_own_loader_keeps_it(site):
    loader = DictLoader({"own.html": "own"})

    environment = retort.templating.Environment(site, loader=loader)

    assert environment.loader is loader
    assert environment.get_template("own.html").render() == "own"


def test_create_global_jinja_loader_can_be_overridden():
    class OwnApp(Flask):
        def create_global_jinja_loader(self):
            return DictLoader({"page.html": "from a dictionary"})

    with OwnApp("own").app_context():
        assert render_template("page.html") == "from a dictionary"


def test_the_loader_of_the_app_can_be_replaced(site):
    site.jinja_loader = DictLoader({"page.html": "from a dictionary"})

    with site.app_context():
        assert render_template("page.html") == "from a dictionary"


# Where templates are found


def test_templates_of_a_blueprint_are_found(site, tmp_path):
    site.register_blueprint(blueprint_with_templates("inner", tmp_path / "inner", own="own"))

    with site.app_context():
        assert render_template("own.html") == "own"


def test_a_template_of_the_app_wins_over_one_of_a_blueprint(site, tmp_path):
    site.register_blueprint(blueprint_with_templates("inner", tmp_path / "inner", page="inner"))

    with site.app_context():
        assert render_template("page.html") == "Page "


def test_blueprints_are_searched_in_the_order_of_registration(site, tmp_path):
    for name in ("second", "first"):
        blueprint = blueprint_with_templates(name, tmp_path / name, shared=name)
        site.register_blueprint(blueprint)

    with site.app_context():
        assert render_template("shared.html") == "second"


def test_templates_of_a_nested_blueprint_are_found(site, tmp_path):
    outer = Blueprint("outer", __name__)
    outer.register_blueprint(blueprint_with_templates("inner", tmp_path / "inner", own="nested"))
    site.register_blueprint(outer)

    with site.app_context():
        assert render_template("own.html") == "nested"


def test_an_app_without_a_template_folder_still_finds_those_of_blueprints(tmp_path):
    app = Flask("bare", root_path=str(tmp_path), template_folder=None)
    app.register_blueprint(blueprint_with_templates("inner", tmp_path / "inner", own="own"))

    assert app.jinja_loader is None
    with app.app_context():
        assert render_template("own.html") == "own"


def test_the_templates_of_all_loaders_are_listed_once(site, tmp_path):
    blueprint = blueprint_with_templates("inner", tmp_path / "inner", page="", own="")
    site.register_blueprint(blueprint)

    names = site.jinja_env.list_templates()

    assert sorted(names) == ["base.html", "child.html", "own.html", "page.html"]
    assert sorted(site.jinja_env.loader.list_templates()) == sorted(names)


# EXPLAIN_TEMPLATE_LOADING


@pytest.fixture
def explained(site, tmp_path):
    """``site`` with a blueprint, explaining; and what it logs."""
    blueprint = blueprint_with_templates("inner", tmp_path / "inner", page="", own="own")
    blueprint.add_url_rule("/missing", "missing", lambda: render_template("missing.html"))
    site.register_blueprint(blueprint)
    site.config["EXPLAIN_TEMPLATE_LOADING"] = True
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    site.logger.addHandler(handler)
    site.logger.setLevel(logging.INFO)
    yield site, log
    site.logger.removeHandler(handler)
    site.logger.setLevel(logging.NOTSET)


def test_explaining_names_each_loader_and_the_file_it_found(explained, tmp_path):
    site, log = explained

    with site.app_context():
        assert render_template("own.html") == "own"

    lines = log.getvalue().splitlines()
    assert lines[0] == "Locating template 'own.html':"
    assert "    1: trying loader of application 'site under test'" in lines
    assert "       class: jinja2.loaders.FileSystemLoader" in lines
    assert f"         - {tmp_path / 'templates'}" in lines
    assert "       -> no match" in lines
    assert "    2: trying loader of blueprint 'inner' (module_of_inner)" in lines
    assert lines[-1] == f"       -> found ({str(tmp_path / 'inner' / 'templates' / 'own.html')!r})"


def test_explaining_warns_if_several_loaders_have_the_template(explained):
    site, log = explained

    with site.app_context():
        assert render_template("page.html") == "Page "  # Still the app's.

    assert log.getvalue().rstrip().endswith("multiple loaders returned a match for the template.")


def test_explaining_reports_a_missing_template(explained):
    site, log = explained

    with site.app_context(), pytest.raises(TemplateNotFound, match=r"missing\.html"):
        render_template("missing.html")

    assert log.getvalue().rstrip().endswith("Error: the template could not be found.")


def test_explaining_names_the_blueprint_of_the_request(explained):
    site, log = explained

    with pytest.raises(TemplateNotFound):
        site.test_client().get("/missing")

    assert "an endpoint that belongs to the blueprint 'inner'" in log.getvalue()


def test_explaining_copes_with_loaders_of_all_kinds(explained):
    site, log = explained

    class OddLoader(DictLoader):
        def __init__(self):
            super().__init__({})
            self.level = 3
            self.suffixes = ("a", "b")
            self.mixed = ["a", 1]
            self.nothing = None
            self._private = "hidden"

    for name, loader in (
        ("function", FunctionLoader(lambda name: "made up" if name == "x" else None)),
        ("odd", OddLoader()),
    ):
        blueprint = Blueprint(name, __name__)
        blueprint.jinja_loader = loader
        site.register_blueprint(blueprint)

    with site.app_context():
        assert render_template("x") == "made up"

    text = log.getvalue()
    assert "       -> found ('<string>')" in text
    assert "       level: 3\n       suffixes:\n         - a\n         - b\n" in text
    assert "mixed" not in text
    assert "nothing" not in text
    assert "hidden" not in text


def test_nothing_is_logged_without_the_setting(explained):
    site, log = explained
    site.config["EXPLAIN_TEMPLATE_LOADING"] = False

    with site.app_context():
        render_template("own.html")

    assert log.getvalue() == ""


# Signals


@pytest.fixture
def told():
    """The received signals, in order: signal, sender, template, context."""
    told = []

    def before(sender, template, context):
        told.append(("before", sender, template.name, context))

    def rendered(sender, template, context):
        told.append(("rendered", sender, template.name, context))

    with before_render_template.connected_to(before), template_rendered.connected_to(rendered):
        yield told


def test_signals_are_sent_before_and_after_rendering(site, told):
    site.context_processor(lambda: {"extra": 2})

    with site.test_request_context():
        render_template("page.html", value=1)

    assert [(name, sender, template) for name, sender, template, _ in told] == [
        ("before", site, "page.html"),
        ("rendered", site, "page.html"),
    ]
    context = told[0][3]
    assert sorted(context) == ["extra", "g", "request", "value"]


def test_a_template_given_as_text_has_no_name_for_listeners(site, told):
    with site.app_context():
        render_template_string("text")

    assert [(name, template) for name, _, template, _ in told] == [
        ("before", None),
        ("rendered", None),
    ]


def test_a_listener_may_change_the_context_before_rendering(site):
    def change(sender, template, context):
        context["value"] = "changed"

    with before_render_template.connected_to(change, site), site.app_context():
        assert render_template("page.html", value="given") == "Page changed"


def test_a_template_that_fails_is_not_reported_as_rendered(site, told):
    with site.app_context(), pytest.raises(ZeroDivisionError):
        render_template_string("{{ 1 // 0 }}")

    assert [name for name, *_ in told] == ["before"]


def test_an_async_listener_is_awaited(site):
    heard = []

    async def listen(sender, template, context):
        heard.append(template.name)

    with template_rendered.connected_to(listen), site.app_context():
        render_template("page.html")

    assert heard == ["page.html"]


# Tools replace the private function `_render`, which Flask calls by position.


def test_a_replaced_render_function_gets_the_arguments_in_flask_s_order(site, monkeypatch):
    calls = []

    def record(a, t, values):
        calls.append((a, t.name, values))
        return "recorded"

    monkeypatch.setattr(retort.templating, "_render", record)

    with site.app_context():
        assert render_template("page.html", value=1) == "recorded"
        assert render_template_string("{{ value }}", value=2) == "recorded"
    assert calls == [(site, "page.html", {"value": 1}), (site, None, {"value": 2})]


def test_a_replaced_render_function_with_the_older_parameters_gets_them_by_name(site, monkeypatch):
    calls = []

    def record(template, context, app):  # as in Flask before 2.2
        calls.append((template.name, context, app))
        return "recorded"

    monkeypatch.setattr(retort.templating, "_render", record)

    with site.app_context():
        assert render_template("page.html", value=1) == "recorded"
    assert calls == [("page.html", {"value": 1}, site)]


def test_a_replaced_render_function_may_pass_its_arguments_on(site, monkeypatch):
    original = retort.templating._render

    def by_position(app, template, context):
        return "1 " + original(app, template, context)

    def by_name(app, template, context):
        return "2 " + original(template=template, context=context, app=app)

    def in_the_older_order(template, context, app):
        return "3 " + original(template, context, app)

    def unseen(*args, **kwargs):
        return "4 " + original(*args, **kwargs)

    rendered = []
    for replacement in (by_position, by_name, in_the_older_order, unseen):
        monkeypatch.setattr(retort.templating, "_render", replacement)
        with site.app_context():
            rendered.append(render_template_string("{{ value }}", value="text"))
    assert rendered == ["1 text", "2 text", "3 text", "4 text"]


def test_a_render_function_that_python_cannot_inspect_is_called_by_position(site, monkeypatch):
    monkeypatch.setattr(retort.templating, "_render", max)  # which has no signature
    with site.app_context(), pytest.raises(TypeError, match="not supported between"):
        render_template_string("text")


# Streaming


def test_a_template_can_be_streamed(site):
    @site.get("/<word>")
    def index(word):
        pieces = stream_template("page.html", value=word)
        assert not isinstance(pieces, str)
        return pieces

    response = site.test_client().get("/abc")

    assert response.text == "Page abc"
    assert "Content-Length" not in response.headers


def test_a_streamed_template_can_read_the_request_to_the_end(site):
    @site.get("/")
    def index():
        source = "{% for _ in range(3) %}{{ request.args.q }}{% endfor %}{{ g.x }}"
        g.x = "end"
        return stream_template_string(source)

    assert site.test_client().get("/?q=7").text == "777end"
    assert not has_request_context()


def test_a_template_is_streamed_piece_by_piece(site):
    taken = []

    def numbers():
        for number in range(3):
            taken.append(number)
            yield number

    with site.app_context():
        pieces = stream_template_string(
            "{% for n in numbers %}{{ n }}{% endfor %}", numbers=numbers()
        )

        assert taken == []
        next(pieces)
        assert len(taken) < 3
        assert "".join(pieces)[-1] == "2"


def test_values_are_escaped_in_a_streamed_template(site):
    with site.app_context():
        assert "".join(stream_template("page.html", value="<b>")) == "Page &lt;b&gt;"


def test_a_missing_template_shows_before_the_stream_begins(site):
    with site.app_context(), pytest.raises(TemplateNotFound):
        stream_template("missing.html")


def test_context_processors_count_for_a_streamed_template(site):
    site.context_processor(lambda: {"value": "processor"})

    with site.app_context():
        assert "".join(stream_template("page.html")) == "Page processor"


def test_a_signal_is_sent_when_the_stream_has_ended(site, told):
    with site.test_request_context():
        pieces = stream_template("page.html", value=1)
        assert [name for name, *_ in told] == ["before"]
        "".join(pieces)

    assert [name for name, *_ in told] == ["before", "rendered"]


def test_a_stream_closed_early_is_not_reported_as_rendered(site, told):
    with site.test_request_context():
        pieces = stream_template("page.html", value=1)
        next(pieces)
        pieces.close()

    assert [name for name, *_ in told] == ["before"]


def test_a_response_can_be_made_of_a_stream(site):
    @site.get("/")
    def index():
        return Response(stream_template("page.html", value=request.path), 201, {"X-Kind": "stream"})

    response = site.test_client().get("/")

    assert (response.status_code, response.headers["X-Kind"]) == (201, "stream")
    assert response.text == "Page /"


def test_url_for_in_a_template_of_a_blueprint_is_relative_to_it(site):
    blueprint = Blueprint("inner", __name__, url_prefix="/inner")
    blueprint.add_url_rule("/", "index", lambda: render_template_string("{{ url_for('.other') }}"))
    blueprint.add_url_rule("/other", "other", lambda: url_for(".index"))
    site.register_blueprint(blueprint)
    client = site.test_client()

    assert client.get("/inner/").text == "/inner/other"
    assert client.get("/inner/other").text == "/inner/"
