"""A registration that checks its fields one by one."""

from retort import Flask, redirect, render_template_string, request

app = Flask(__name__)


@app.route("/register", methods=("GET", "POST"))
def register():
    errors = []
    values = {}
    if request.method == "POST":
        email = request.form.get("email", "").strip()
        password = request.form.get("password", "")
        again = request.form.get("password_again", "")
        terms = request.form.get("terms")
        if "@" not in email:
            errors.append("Enter an address.")
        if len(password) < 8:
            errors.append("Choose a longer password.")
        if password != again:
            errors.append("The passwords differ.")
        if not terms:
            errors.append("Accept the terms.")
        if not errors:
            return redirect("/welcome")
        values = {"email": email}
    invitation = request.args.get("invitation")
    return render_template_string("...", errors=errors, values=values, invitation=invitation)


LABELS = {
    "GET /register": "query:invitation",
    "POST /register": "form:email form:password form:password_again form:terms query:invitation",
}
