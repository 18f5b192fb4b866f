import contextvars
import threading

from flask import Flask

app = Flask(__name__)
local = threading.local()
current = contextvars.ContextVar("current")


@app.before_request
def begin():
    local.numbers = []
    current.set([])


@app.get("/")
def index():
    local.numbers.append(1)
    current.get().append(2)
    return {"numbers": local.numbers}
