from flask import Flask

app = Flask(__name__)
exporters = {}


def exporter(name):
    def register(function):
        exporters[name] = function
        return function

    return register


@exporter("csv")
def as_csv(rows):
    return "\n".join(rows)


@app.get("/<name>")
def export(name):
    return exporters[name](["a", "b"])
