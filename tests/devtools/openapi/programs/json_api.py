"""An interface for tasks in JSON."""

from retort import Flask, abort, jsonify, request

app = Flask(__name__)
tasks = {}


@app.get("/tasks")
def listed():
    return jsonify(list(tasks.values()))


@app.post("/tasks")
def create():
    data = request.get_json()
    task = {
        "title": data["title"],
        "description": data.get("description", ""),
        "done": data.get("done", False),
    }
    tasks[len(tasks)] = task
    return jsonify(task), 201


@app.put("/tasks/<int:number>")
def replace(number):
    if number not in tasks:
        abort(404)
    if not request.json or "title" not in request.json:
        abort(400)
    tasks[number] = {"title": request.json["title"], "done": request.json["done"]}
    return jsonify(tasks[number])


@app.patch("/tasks/<int:number>")
def change(number):
    task = tasks.get(number) or abort(404)
    changes = request.get_json(silent=True) or {}
    if "title" in changes:
        task["title"] = changes["title"]
    task["done"] = changes.get("done", task["done"])
    return jsonify(task)


LABELS = {
    "POST /tasks": "json:title! json:description json:done",
    "PUT /tasks/{number}": "json:title! json:done!",
    "PATCH /tasks/{number}": "json:title json:done",
}
