from flask import Flask

application = Flask("application")
