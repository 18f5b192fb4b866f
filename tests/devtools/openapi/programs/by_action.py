"""One form with several buttons."""

from retort import Flask, abort, redirect, request

app = Flask(__name__)


@app.post("/cart")
def cart():
    action = request.form["action"]
    if action == "add":
        print(request.form["sku"], request.form.get("amount", type=int))
    elif action == "remove":
        print(request.form["line"])
    elif action == "coupon":
        try:
            print(request.form["code"])
        except KeyError:
            abort(400)
    else:
        abort(400)
    return redirect("/cart", code=303)


@app.route("/poll", methods=["GET", "POST"])
def poll():
    match request.method:
        case "POST":
            return redirect(f"/poll?voted={request.form['choice']}")
        case _:
            return f"You voted {request.args.get('voted')}"


LABELS = {
    "POST /cart": "form:action! form:sku form:amount form:line form:code",
    "GET /poll": "query:voted",
    "POST /poll": "form:choice!",
}
