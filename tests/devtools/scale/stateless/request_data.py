from flask import Flask, g, request

app = Flask(__name__)


@app.before_request
def begin():
    g.notes = []
    g.count = 0
    request.marked = True


@app.get("/")
def index():
    g.notes.append("seen")
    g.count += 1
    return {"notes": g.notes, "count": g.count}
