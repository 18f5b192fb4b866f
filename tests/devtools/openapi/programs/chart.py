"""Reports: data comes from what the address and a form say."""

from datetime import date

from retort import Flask, Response, request

app = Flask(__name__)


def parse_day(text):
    return date.fromisoformat(text) if text else date.today()


@app.get("/report.csv")
def report():
    start = parse_day(request.args.get("from"))
    end = parse_day(request.args.get("to"))
    separator = request.args.get("sep", ";")
    columns = request.args.get("columns", "all").split(",")
    lines = [separator.join(columns), separator.join([str(start), str(end)])]
    return Response("\n".join(lines), mimetype="text/csv")


@app.post("/report")
def save():
    args, form = request.args, request.form
    name = form["name"]
    is_dry = args.get("dry_run", False)
    return {"name": name, "dry": is_dry, "columns": form.getlist("column")}, 201


LABELS = {
    "GET /report.csv": "query:from query:to query:sep query:columns",
    "POST /report": "form:name! form:column* query:dry_run",
}
