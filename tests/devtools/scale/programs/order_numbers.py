import itertools

from flask import Flask

app = Flask(__name__)
numbers = itertools.count(1)


@app.post("/orders")
def order():
    return {"order": next(numbers)}, 201  # local: module-data
