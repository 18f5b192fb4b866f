from retort.testing import EnvironBuilder, FlaskClient, FlaskCliRunner

__all__ = [
    "EnvironBuilder",
    "FlaskCliRunner",
    "FlaskClient",
]
