"""A survey with many questions, and a legacy view of a class."""

from retort import Flask, redirect, request
from retort.views import View

app = Flask(__name__)
QUESTIONS = ["age", "city", "language"]


class Survey(View):
    methods = ["GET", "POST"]

    def dispatch_request(self):
        if request.method == "POST":
            answers = {}
            for question in QUESTIONS:
                answers[question] = request.form.get(question)
            answers["comment"] = request.form["comment"]
            return redirect("/done")
        return "the form"


app.add_url_rule("/survey", view_func=Survey.as_view("survey"))


@app.get("/survey/results")
def results():
    by = request.args.get("by", "age")
    if by not in QUESTIONS:
        return "unknown question", 400
    return {"by": by, "minimum": request.args.get("min", 0, type=int)}


LABELS = {
    "POST /survey": "form:age form:city form:language form:comment!",
    "GET /survey/results": "query:by query:min",
}
