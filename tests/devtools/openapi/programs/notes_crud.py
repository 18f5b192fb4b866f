"""Notes in a table, with a form for each."""

from retort import Flask, abort, redirect, render_template_string, request, url_for

app = Flask(__name__)
notes = {}


def find(number):
    if number not in notes:
        abort(404)
    return notes[number]


@app.get("/notes")
def listed():
    page = request.args.get("page", 1, type=int)
    order = request.args.get("order", "newest")
    return render_template_string("...", notes=notes, page=page, order=order)


@app.post("/notes")
def add():
    title = request.form["title"].strip()
    if not title:
        return "A title is needed", 400
    notes[len(notes)] = {"title": title, "text": request.form.get("text", "")}
    return redirect(url_for("listed"))


@app.route("/notes/<int:number>/edit", methods=["GET", "POST"])
def edit(number):
    note = find(number)
    if request.method == "GET":
        return render_template_string("...", note=note)
    note["title"] = request.form["title"]
    note["text"] = request.form["text"]
    if "pinned" in request.form:
        note["pinned"] = True
    return redirect(url_for("listed"), 303)


@app.post("/notes/<int:number>/delete")
def delete(number):
    find(number)
    del notes[number]
    return redirect(url_for("listed"))


LABELS = {
    "GET /notes": "query:page query:order",
    "POST /notes": "form:title! form:text",
    "POST /notes/{number}/edit": "form:title! form:text! form:pinned",
}
