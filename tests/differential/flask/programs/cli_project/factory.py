from flask import Flask


def create_app():
    return Flask("from create_app")
