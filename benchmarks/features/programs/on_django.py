"""The features in Django, in one file: settings as `startproject` writes them, URLs and views."""

import asyncio
import os
import time
from pathlib import Path

import django
from django import forms
from django.conf import settings

HERE = Path(__file__).parent
settings.configure(
    SECRET_KEY="only for this comparison, and long enough that nothing warns of it",
    DEBUG=bool(os.environ.get("DEBUG")),
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.gzip.GZipMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HERE / "db.sqlite3"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [HERE / "templates"],
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    STATIC_URL="/static-of-apps/",
    USE_TZ=True,
)
django.setup()

from django.contrib import admin  # noqa: E402 (needs the settings)
from django.core.asgi import get_asgi_application  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse, StreamingHttpResponse  # noqa: E402
from django.shortcuts import render  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils.decorators import method_decorator  # noqa: E402
from django.views import View  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from django.views.decorators.http import condition  # noqa: E402
from django.views.static import serve  # noqa: E402

VERSION = Path("version.txt").read_text()


class Hello(View):
    def get(self, request):
        return HttpResponse("hello")


@method_decorator(csrf_exempt, name="dispatch")
class Pair(View):
    def get(self, request):
        return HttpResponse("read")

    def post(self, request):
        return HttpResponse("written")


def order(request):
    return HttpResponse("ordered")


@csrf_exempt  # what is compared here is how the form is read
def form(request):
    return HttpResponse(request.POST.get("nm", "missing"))


@csrf_exempt
def upload(request):
    return HttpResponse(",".join(sorted([*request.POST, *request.FILES])))


@csrf_exempt
def overridden(request):
    return HttpResponse("deleted" if request.method == "DELETE" else "posted")


@csrf_exempt
@condition(etag_func=lambda request: '"v2"')
def note(request):
    return HttpResponse("text")


@csrf_exempt
def large(request):
    return HttpResponse(len(request.body))


def count(request):
    request.session["count"] = request.session.get("count", 0) + 1
    return HttpResponse(request.session["count"])


def page(request):
    return render(request, "page.html", {"text": "<script>"})


async def wait(request):
    await asyncio.sleep(1)
    return HttpResponse("waited")


def block(request):
    time.sleep(1)
    return HttpResponse("waited")


async def events(request):
    async def stream():
        yield "data: first\n\n"
        await asyncio.sleep(1)
        yield "data: last\n\n"

    return StreamingHttpResponse(stream(), content_type="text/event-stream")


class Signup(forms.Form):
    email = forms.EmailField()
    age = forms.IntegerField(min_value=18)


@csrf_exempt
def signup(request):
    filled = Signup(request.POST or None)
    return HttpResponse("welcome" if filled.is_valid() else filled.as_p())


def fail(request):
    return HttpResponse(int("this is no number"))


urlpatterns = [
    path("hello", Hello.as_view()),
    path("version", lambda request: HttpResponse(VERSION)),
    path("pair", Pair.as_view()),
    path("order", order),
    path("form", form),
    path("upload", upload),
    path("overridden", overridden),
    path("note", note),
    path("large", large),
    path("count", count),
    path("page", page),
    path("wait", wait),
    path("block", block),
    path("events", events),
    path("signup", signup),
    path("fail", fail),
    path("static/<path:path>", serve, {"document_root": HERE / "static"}),
    path("admin/", admin.site.urls),
]
app = get_wsgi_application()
asgi = get_asgi_application()
