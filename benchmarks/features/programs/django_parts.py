"""Parts that only Django has: tables, migrations, users, translations. Prints which work.

The names of the parts are the keys of their rows in `benchmarks.features.rows`.
"""

import os
import tempfile
from pathlib import Path

import on_django  # noqa: F401 (settings)
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext

with tempfile.TemporaryDirectory() as folder:
    connection.settings_dict["NAME"] = os.path.join(folder, "parts.sqlite3")
    with Path(os.devnull).open("w") as silence:
        call_command("migrate", stdout=silence)
    print("migrations", "auth_user" in connection.introspection.table_names())
    User = get_user_model()
    user = User.objects.create_user("ada", password="lovelace1815")
    print("orm", User.objects.filter(username__startswith="a").count() == 1)
    user.user_permissions.add(Permission.objects.get(codename="view_user"))
    known = authenticate(username="ada", password="lovelace1815")
    wrong = authenticate(username="ada", password="wrong")
    print("users", known is not None and known.has_perm("auth.view_user") and wrong is None)
    with translation.override("de"):
        text = "This field is required."
        print("i18n", gettext(text) != text)
    connection.close()
