import copy

from flask import Flask, request

app = Flask(__name__)
DEFAULTS = {"size": 3, "colors": ["red"]}
ORDER = ["b", "a"]


@app.get("/")
def index():
    settings = dict(DEFAULTS)
    settings["size"] = request.args.get("size", 3, int)
    deep = copy.deepcopy(DEFAULTS)
    deep["colors"].append("blue")
    order = list(ORDER)
    order.sort()
    other = ORDER.copy()
    other.reverse()
    more = [*ORDER, "c"]
    more.append("d")
    return {"settings": settings, "deep": deep, "order": order, "other": other, "more": more}
