import logging

from flask import Flask

app = Flask(__name__)
logger = logging.getLogger("shop")


@app.get("/")
def index():
    logger.info("a visit")
    app.logger.debug("a visit")
    words = list("ba")
    words.sort()
    digest = {"a": 1}
    digest.update(b=2)
    digest.pop("a")
    return digest
