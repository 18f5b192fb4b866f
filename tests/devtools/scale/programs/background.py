import threading

from flask import Flask

app = Flask(__name__)
stopped = threading.Event()


def clean():
    stopped.wait(3600)


cleaner = threading.Thread(target=clean, daemon=True)
cleaner.start()  # local: start-thread


@app.get("/")
def index():
    return "hello"
