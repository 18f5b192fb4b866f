"""What templates see: processors of app and blueprints, their order, imports, globals."""

from flask import (
    Blueprint,
    Flask,
    g,
    get_template_attribute,
    render_template,
    render_template_string,
    session,
)
from steps import get, note


def create_app():
    app = Flask(__name__)
    app.secret_key = "key"
    app.config["SHOWN"] = "config value"
    part = Blueprint("part", __name__, url_prefix="/part")

    @app.context_processor
    def of_app():
        note("app processor")
        return {"who": "app", "kept": "by app"}

    @app.context_processor
    def of_app_too():
        return {"who": "app again"}

    @part.context_processor
    def of_part():
        note("part processor")
        return {"who": "part"}

    @part.app_context_processor
    def of_part_for_app():
        return {"from_part": "everywhere"}

    @part.route("/")
    @app.route("/")
    def index():
        return render_template_string("{{ who }} {{ kept }} {{ from_part }}")

    @part.route("/given")
    def given():
        return render_template_string("{{ who }} {{ g }}", who="given", g="own g")

    @app.route("/names")
    def names():
        session["name"] = "ada"
        g.user = "eve"
        return render_template_string(
            "{{ request.path }} {{ session.name }} {{ g.user }} {{ config.SHOWN }}"
            " {{ url_for('index') }} {{ url_for('part.index') }} {{ get_flashed_messages() }}"
            " {{ current_app }} {{ g.nothing }}"
        )

    @app.route("/imported/<how>")
    def imported(how):
        return render_template("imports.html", how=how)

    @app.route("/macro")
    def macro():
        hello = get_template_attribute("macros.html", "hello")
        return hello("world")

    @app.route("/no-macro")
    def no_macro():
        return get_template_attribute("macros.html", "nothing")

    @app.route("/several")
    def several():
        return render_template(["nothing.html", "page.html"])

    @app.route("/object")
    def template_object():
        return render_template(app.jinja_env.from_string("object {{ who }}"))

    app.register_blueprint(part)
    return app


def an_async_processor(app, client):
    other = Flask("other")

    @other.context_processor
    async def later():
        return {"who": "async"}

    with other.app_context():
        return render_template_string("{{ who }}")


def outside_of_a_request(app, client):
    with app.app_context():
        return render_template_string(
            "{{ who }} {{ request is defined }} {{ g.user }}|{{ config.SHOWN }}"
        )


def outside_of_an_app(app, client):
    return render_template_string("x")


def updated_by_hand(app, client):
    context = {"who": "mine"}
    with app.test_request_context("/part/"):
        app.update_template_context(context)
    return sorted(context), context["who"]


def a_processor_that_gives_nothing(app, client):
    other = Flask("other")
    other.context_processor(lambda: None)
    with other.app_context():
        return render_template_string("x")


def a_processor_added_too_late(app, client):
    app.context_processor(dict)


def missing(app, client):
    with app.app_context():
        return render_template("nothing.html")


def none_of_several(app, client):
    with app.app_context():
        return render_template(["a.html", "b.html"])


def bad_syntax(app, client):
    with app.app_context():
        return render_template_string("{% if %}")


def undefined(app, client):
    with app.app_context():
        return render_template_string("{{ nothing.at.all }}")


STEPS = [
    get("/"),
    get("/part/"),
    get("/part/given"),
    get("/names"),
    get("/imported/with"),
    get("/imported/without"),
    get("/macro"),
    get("/no-macro"),
    get("/several"),
    get("/object"),
    an_async_processor,
    outside_of_a_request,
    outside_of_an_app,
    updated_by_hand,
    a_processor_that_gives_nothing,
    a_processor_added_too_late,
    missing,
    none_of_several,
    bad_syntax,
    undefined,
]
