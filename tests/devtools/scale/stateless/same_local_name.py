from flask import Flask

app = Flask(__name__)
items = ["a", "b"]
total = 0


@app.get("/")
def index():
    items = []
    items.append("c")
    total = 1
    total += len(items)
    return {"items": items, "total": total}
