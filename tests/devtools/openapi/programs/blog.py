"""A blog as in the tutorial."""

import functools

from retort import (
    Blueprint,
    Flask,
    abort,
    flash,
    g,
    redirect,
    render_template_string,
    request,
    session,
    url_for,
)

auth = Blueprint("auth", __name__, url_prefix="/auth")
blog = Blueprint("blog", __name__)
posts = {}


@auth.before_app_request
def load_user():
    g.user = session.get("user")


def login_required(view):
    @functools.wraps(view)
    def wrapped(**kwargs):
        if g.user is None:
            return redirect(url_for("auth.login"))
        return view(**kwargs)

    return wrapped


@auth.route("/login", methods=("GET", "POST"))
def login():
    if request.method == "POST":
        session["user"] = request.form["username"]
        password = request.form["password"]
        error = None if password else "Password needed."
        if error is None:
            return redirect(url_for("index"))
        flash(error)
    return render_template_string("...")


@blog.route("/")
def index():
    return render_template_string("...", posts=posts)


@blog.route("/create", methods=("GET", "POST"))
@login_required
def create():
    if request.method == "POST":
        title = request.form["title"]
        body = request.form["body"]
        error = None
        if not title:
            error = "Title is required."
        if error is not None:
            flash(error)
        else:
            posts[len(posts)] = (title, body)
            return redirect(url_for("blog.index"))
    return render_template_string("...")


def get_post(number, check_author=True):
    post = posts.get(number)
    if post is None:
        abort(404, f"Post {number} does not exist.")
    if check_author and post["author"] != g.user:
        abort(403)
    return post


@blog.route("/<int:number>/update", methods=("GET", "POST"))
@login_required
def update(number):
    post = get_post(number)
    if request.method == "POST":
        post["title"] = request.form["title"]
        post["body"] = request.form["body"]
        return redirect(url_for("blog.index"))
    return render_template_string("...", post=post)


app = Flask(__name__)
app.register_blueprint(auth)
app.register_blueprint(blog)
app.add_url_rule("/", endpoint="index")

LABELS = {
    "POST /auth/login": "form:username! form:password!",
    "POST /create": "form:title! form:body!",
    "POST /{number}/update": "form:title! form:body!",
}
