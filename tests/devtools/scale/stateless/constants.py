import json

from flask import Flask, jsonify

app = Flask(__name__)
PRICES = json.loads('{"apple": 2, "pear": 3}')
PRICES["plum"] = 4
NAMES = sorted(PRICES)


@app.get("/")
def index():
    return jsonify(names=NAMES, prices={**PRICES, "extra": 1})
