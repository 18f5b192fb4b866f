import threading
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

app = Flask(__name__)
pool = ThreadPoolExecutor(2)


@app.get("/")
def index():
    found = []
    thread = threading.Thread(target=found.append, args=[1])
    thread.start()
    thread.join()
    return {"found": found, "length": pool.submit(len, "abc").result()}
