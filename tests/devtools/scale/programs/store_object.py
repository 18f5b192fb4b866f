import threading

from flask import Flask, request


class Store:
    def __init__(self):
        self.lock = threading.Lock()
        self.entries = {}

    def put(self, key, value):
        with self.lock:
            self.entries[key] = value  # local: module-data

    def get(self, key):
        return self.entries.get(key, "nothing")


app = Flask(__name__)
store = Store()


@app.put("/<key>")
def put(key):
    store.put(key, request.get_data(as_text=True))
    return "", 204


@app.get("/<key>")
def get(key):
    return store.get(key)
