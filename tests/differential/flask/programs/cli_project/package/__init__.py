from flask import Flask

app = Flask("in the package")
