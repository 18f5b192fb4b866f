import functools
import re

from flask import Flask

app = Flask(__name__)
patterns = {}


@functools.lru_cache(maxsize=100)
def fibonacci(number):
    return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)


def pattern(text):
    if text not in patterns:
        patterns[text] = re.compile(text)
    return patterns[text]


@app.get("/<int:number>")
def index(number):
    assert pattern(r"\d+").match(str(number))
    return str(fibonacci(number))
