import json

from flask import Flask

app = Flask(__name__)
_catalogue = None


class Client:
    def __init__(self):
        self.connection = None

    def connect(self):
        if self.connection is None:
            self.connection = object()
        return self.connection


client = Client()


def catalogue():
    global _catalogue
    if _catalogue is None:
        text = '{"apple": 2}'
        _catalogue = json.loads(text)
    return _catalogue


@app.get("/")
def index():
    client.connect()
    return catalogue()
