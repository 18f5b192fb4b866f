"""A login form with a redirect."""

from retort import Flask, flash, redirect, render_template_string, request, session, url_for

app = Flask(__name__)
USERS = {"ada": "secret"}


@app.route("/")
def index():
    return f"Hello {session.get('user', 'stranger')}"


@app.route("/login", methods=["GET", "POST"])
def login():
    error = None
    if request.method == "POST":
        username = request.form["username"]
        password = request.form["password"]
        remember = request.form.get("remember") == "on"
        if USERS.get(username) != password:
            error = "Wrong name or password"
        else:
            session["user"] = username
            session.permanent = remember
            flash("Welcome")
            return redirect(request.args.get("next") or url_for("index"))
    return render_template_string("...", error=error)


@app.post("/logout")
def logout():
    session.clear()
    return redirect(url_for("index"))


LABELS = {
    "POST /login": "form:username! form:password! form:remember query:next",
}
