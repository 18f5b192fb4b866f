from threading import Timer

from flask import Flask


def create_app():
    app = Flask(__name__)

    def send_mails():
        app.logger.info("sent")

    timer = Timer(3600, send_mails)
    timer.daemon = True
    timer.start()  # local: start-thread

    @app.get("/")
    def index():
        return "hello"

    return app
