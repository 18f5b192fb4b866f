"""Where modules come from: their packages on the index, and modules that Python no longer has.

Tables, and the pip command of the Python that runs the program.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shlex
import shutil
import sys

#: Module -> the distribution that provides it, where the two names differ or are often mistaken.
DISTRIBUTIONS = {
    "Crypto": "pycryptodome",
    "Cryptodome": "pycryptodomex",
    "MySQLdb": "mysqlclient",
    "OpenSSL": "pyOpenSSL",
    "PIL": "Pillow",
    "aiohttp": "aiohttp",
    "alembic": "alembic",
    "apscheduler": "APScheduler",
    "attr": "attrs",
    "babel": "Babel",
    "bcrypt": "bcrypt",
    "bleach": "bleach",
    "boto3": "boto3",
    "bs4": "beautifulsoup4",
    "cachelib": "cachelib",
    "celery": "celery",
    "certifi": "certifi",
    "cryptography": "cryptography",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "decouple": "python-decouple",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "email_validator": "email-validator",
    "faker": "Faker",
    "fitz": "PyMuPDF",
    "flask_admin": "Flask-Admin",
    "flask_apscheduler": "Flask-APScheduler",
    "flask_assets": "Flask-Assets",
    "flask_babel": "flask-babel",
    "flask_bcrypt": "Flask-Bcrypt",
    "flask_caching": "Flask-Caching",
    "flask_ckeditor": "Flask-CKEditor",
    "flask_compress": "Flask-Compress",
    "flask_cors": "flask-cors",
    "flask_debugtoolbar": "Flask-DebugToolbar",
    "flask_httpauth": "Flask-HTTPAuth",
    "flask_jwt_extended": "Flask-JWT-Extended",
    "flask_limiter": "Flask-Limiter",
    "flask_login": "Flask-Login",
    "flask_mail": "Flask-Mail",
    "flask_marshmallow": "flask-marshmallow",
    "flask_migrate": "Flask-Migrate",
    "flask_moment": "Flask-Moment",
    "flask_mongoengine": "flask-mongoengine",
    "flask_mysqldb": "Flask-MySQLdb",
    "flask_pymongo": "Flask-PyMongo",
    "flask_restful": "Flask-RESTful",
    "flask_restx": "flask-restx",
    "flask_security": "Flask-Security",
    "flask_session": "Flask-Session",
    "flask_smorest": "flask-smorest",
    "flask_socketio": "Flask-SocketIO",
    "flask_sqlalchemy": "Flask-SQLAlchemy",
    "flask_talisman": "flask-talisman",
    "flask_uploads": "Flask-Reuploaded",
    "flask_wtf": "Flask-WTF",
    "gevent": "gevent",
    "gunicorn": "gunicorn",
    "httpx": "httpx",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "ldap": "python-ldap",
    "ldap3": "ldap3",
    "lxml": "lxml",
    "magic": "python-magic",
    "markdown": "Markdown",
    "marshmallow": "marshmallow",
    "matplotlib": "matplotlib",
    "mongoengine": "mongoengine",
    "mysql": "mysql-connector-python",
    "nacl": "PyNaCl",
    "numpy": "numpy",
    "openpyxl": "openpyxl",
    "pandas": "pandas",
    "passlib": "passlib",
    "peewee": "peewee",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "pydantic": "pydantic",
    "pygments": "Pygments",
    "pymongo": "pymongo",
    "pymysql": "PyMySQL",
    "pyodbc": "pyodbc",
    "pytest": "pytest",
    "pytz": "pytz",
    "qrcode": "qrcode",
    "redis": "redis",
    "reportlab": "reportlab",
    "requests": "requests",
    "rq": "rq",
    "scipy": "scipy",
    "serial": "pyserial",
    "setuptools": "setuptools",
    "six": "six",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "socketio": "python-socketio",
    "sqlalchemy": "SQLAlchemy",
    "stripe": "stripe",
    "telegram": "python-telegram-bot",
    "tensorflow": "tensorflow",
    "torch": "torch",
    "wtforms": "WTForms",
    "xlrd": "xlrd",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}

#: Modules of Python 2 -> their names in Python 3.
OF_PYTHON_2 = {
    "BaseHTTPServer": "http.server",
    "ConfigParser": "configparser",
    "Cookie": "http.cookies",
    "HTMLParser": "html.parser",
    "Queue": "queue",
    "SimpleHTTPServer": "http.server",
    "SocketServer": "socketserver",
    "StringIO": "io",
    "Tkinter": "tkinter",
    "__builtin__": "builtins",
    "cPickle": "pickle",
    "cStringIO": "io",
    "commands": "subprocess",
    "cookielib": "http.cookiejar",
    "htmlentitydefs": "html.entities",
    "httplib": "http.client",
    "md5": "hashlib",
    "sha": "hashlib",
    "thread": "threading",
    "tkMessageBox": "tkinter.messagebox",
    "urllib2": "urllib.request",
    "urlparse": "urllib.parse",
    "xmlrpclib": "xmlrpc.client",
}

#: Modules that Python removed -> the version, and what to use.
REMOVED_FROM_PYTHON = {
    "asynchat": ((3, 12), "Use asyncio."),
    "asyncore": ((3, 12), "Use asyncio."),
    "audioop": ((3, 13), "Install the package audioop-lts, which provides it."),
    "cgi": ((3, 13), "Use request.form and request.files, or the package legacy-cgi."),
    "cgitb": ((3, 13), "Use the traceback module, or the package legacy-cgi."),
    "crypt": ((3, 13), "Use werkzeug.security.generate_password_hash."),
    "distutils": ((3, 12), "Use shutil, sysconfig or packaging, or install setuptools."),
    "imghdr": ((3, 13), "Use the package filetype or Pillow."),
    "imp": ((3, 12), "Use importlib."),
    "nntplib": ((3, 13), "Use a package for NNTP."),
    "pipes": ((3, 13), "Use subprocess; pipes.quote is shlex.quote."),
    "smtpd": ((3, 12), "Use the package aiosmtpd."),
    "sndhdr": ((3, 13), "Use the package filetype."),
    "telnetlib": ((3, 13), "Use a package for Telnet, such as telnetlib3."),
    "uu": ((3, 13), "Use base64."),
    "xdrlib": ((3, 13), "Use struct."),
}


def distribution_of(module: str) -> str | None:
    """The distribution that provides a module, if it is known."""
    return DISTRIBUTIONS.get(module.partition(".")[0])


def is_installed(distribution: str) -> bool:
    """Whether a distribution is installed for this Python."""
    try:
        importlib.metadata.distribution(distribution.partition("[")[0])
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def distribution_with(package: str) -> str:
    """The installed distribution that has a package; its name, if that is not known."""
    return next(iter(importlib.metadata.packages_distributions().get(package, ())), package)


def pip_install(distribution: str, *, upgrade: bool = False) -> str:
    """The command that installs a distribution for the Python that runs the program."""
    package = shlex.quote(distribution)
    options = "--upgrade " if upgrade else ""
    if importlib.util.find_spec("pip") is None and shutil.which("uv"):
        return f"uv pip install --python {_python()} {options}{package}"
    return f"{_python()} -m pip install {options}{package}"


def this_python() -> str:
    """A sentence about the Python that runs the program."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"The program runs with Python {version}, {sys.executable}. Packages that are installed for"
        " another Python are not found."
    )


def _python() -> str:
    """The command that starts this Python: ``python``, if that is this one, or its path."""
    for command in ("python", "python3"):
        found = shutil.which(command)
        if found and os.path.abspath(found) == os.path.abspath(sys.executable):
            return command
    return shlex.quote(sys.executable)
