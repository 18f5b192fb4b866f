from flask import Flask


def create_app():
    app = Flask(__name__)
    seen = set()
    last = "nothing"

    @app.get("/seen/<word>")
    def look(word):
        nonlocal last
        answer = {"seen": word in seen, "last": last}
        seen.add(word)  # local: module-data
        last = word  # local: module-data
        return answer

    return app
