"""The program for Django, in one file: settings, URLs and views."""

import json

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, re_path
from django.views.decorators.http import require_GET, require_POST
from django.views.static import serve
from material import HELLO, ROWS, SECRET, SECTIONS, STATIC, TEMPLATES, TITLE, document, with_total
from material import city as find_city

settings.configure(
    SECRET_KEY=SECRET,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    # What `startproject` writes, less what needs tokens or users.
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [TEMPLATES]}],
    USE_TZ=True,
)


def text(content):
    return HttpResponse(content, content_type="text/plain; charset=utf-8")


@require_GET
def hello(request):
    return text(HELLO)


def success(request, name):
    return text(f"welcome {name}")


def login(request):
    values = request.POST if request.method == "POST" else request.GET
    return redirect("success", name=values["nm"])


def json_out_or_in(request):
    if request.method == "POST":
        return JsonResponse(with_total(json.loads(request.body)))
    return JsonResponse(document())


def table(request):
    return render(request, "table.html", {"title": TITLE, "rows": ROWS})


def city(request, number):
    return JsonResponse(find_city(number))


def count(request):
    request.session["count"] = request.session.get("count", 0) + 1
    return text(str(request.session["count"]))


@require_POST
def upload(request):
    return text(str(len(request.FILES["file"].read())))


def section(number):
    def show(request, item):
        return text(f"section {number} item {item}")

    return path(f"section{number}/item/<item>", show)


urlpatterns = [
    path("hello", hello),
    path("success/<name>", success, name="success"),
    path("login", login),
    path("json", json_out_or_in),
    path("table", table),
    path("city/<int:number>", city),
    path("count", count),
    path("upload", upload),
    re_path(r"^static/(?P<path>.*)$", serve, {"document_root": STATIC}),
    *(section(number) for number in range(SECTIONS)),
]

app = get_wsgi_application()
