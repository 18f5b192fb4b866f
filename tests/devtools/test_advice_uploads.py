"""An uploaded file that cannot be saved, and one that is read as text."""

import io

import pytest

PROGRAM = """
    import os
    from flask import Flask, request

    app = Flask(__name__)

    @app.post('/photo')
    def photo():
        {first}
        return 'saved'
"""


def written(mistake, first):
    mistake.write("program.py", PROGRAM.format(first=first.replace("\n", "\n        ")))


def upload(name="a.png"):
    return {"data": {"photo": (io.BytesIO(b"pixels"), name)}}


@pytest.mark.parametrize(
    "first",
    [
        "request.files['photo'].save()",
        "file = request.files['photo']\nfile.save()",
        "file = request.files.get('photo')\nfile.save()",
        "for file in request.files.values():\n    file.save()",
    ],
)
def test_save_gets_the_safe_name_of_the_file(mistake, first):
    written(mistake, first)

    advice = mistake.advised("POST", "/photo", **upload("../../a.png"))

    shown = "request.files['photo']" if first.startswith("request") else "file"
    assert advice.what == f"save() needs the path to write to: {shown}.save('...')."
    assert advice.fix == f"Write {shown}.save(secure_filename({shown}.filename))."
    assert mistake.mended("POST", "/photo", **upload("../../a.png")).text == "saved"
    assert (mistake.folder / "a.png").read_bytes() == b"pixels"


def test_without_a_usable_name_there_is_no_diff_with_the_next_error(mistake):
    written(mistake, "request.files['photo'].save()")

    advice = mistake.advised("POST", "/photo", **upload(".."))

    assert advice.fix == "Write request.files['photo'].save('a_name')."
    assert advice.diff == ""


def test_save_of_another_object_is_not_explained(mistake):
    written(mistake, "class Form:\n    def save(self, name): pass\nForm().save()")

    mistake.ask("POST", "/photo", **upload())

    assert mistake.errors
    assert mistake.advice is None


def test_a_folder_that_does_not_exist_is_named(mistake):
    written(mistake, "request.files['photo'].save('uploads/a.png')")

    advice = mistake.advised("POST", "/photo", **upload())

    folder = mistake.folder / "uploads"
    assert advice.what == f"The folder {folder} does not exist, so the file cannot be saved there."
    assert "relative to the current folder" in advice.why
    assert advice.fix == "Create the folder, as with os.makedirs('uploads', exist_ok=True)."
    folder.mkdir()
    assert mistake.ask("POST", "/photo", **upload()).text == "saved"


def test_a_folder_is_no_path_of_a_file(mistake):
    written(mistake, "request.files['photo'].save('.')")

    advice = mistake.advised("POST", "/photo", **upload())

    assert advice.what == "save() needs the path of a file, but . is a folder."


def test_another_missing_file_is_not_taken_for_the_upload(mistake):
    written(mistake, "open('uploads/a.png')")

    mistake.ask("POST", "/photo", **upload())

    assert mistake.errors
    assert mistake.advice is None


def test_a_file_that_is_read_as_a_field_is_read_as_a_file(mistake):
    written(mistake, "photo = request.form['photo']")

    advice = mistake.advised("POST", "/photo", **upload())

    assert advice.what == (
        "The field 'photo' was sent as a file (request.files), but you read request.form."
    )
    assert advice.why == "request.files has the files of a form, request.form the other fields."
    assert mistake.mended("POST", "/photo", **upload()).text == "saved"
