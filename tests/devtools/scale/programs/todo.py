from flask import Flask, abort, request

app = Flask(__name__)
todos = [{"id": 1, "title": "Sow", "done": False}]


@app.get("/todos")
def listed():
    return todos


@app.put("/todos/<int:id>")
def update(id):
    todo = next((todo for todo in todos if todo["id"] == id), None)
    if todo is None:
        abort(404)
    todo.update(request.get_json())  # local: module-data
    return todo
