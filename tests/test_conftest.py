"""The rule that in CI a test which did not run is a test that failed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPING = {
    "by mark": "import pytest\n@pytest.mark.skip(reason='not now')\ndef test(): pass\n",
    "in the test": "import pytest\ndef test(): pytest.skip('not now')\n",
    "in a fixture": (
        "import pytest\n@pytest.fixture\ndef f(): pytest.skip('not now')\ndef test(f): pass\n"
    ),
    "the module": "import pytest\npytest.skip('not now', allow_module_level=True)\n",
    "by import": "import pytest\npytest.importorskip('no_such_module_at_all')\n",
}


def run_tests(folder, source, ci):
    shutil.copy(Path(__file__).with_name("conftest.py"), folder / "conftest.py")
    (folder / "test_it.py").write_text(source)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", folder, folder],
        cwd=folder,
        env={**os.environ, "CI": ci},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("source", SKIPPING.values(), ids=SKIPPING)
def test_in_ci_a_skipped_test_is_a_failed_test(tmp_path, source):
    done = run_tests(tmp_path, source, ci="true")

    assert done.returncode not in {0, 5}, done.stdout
    assert "In CI every test must run" in done.stdout


def test_elsewhere_a_test_may_be_skipped(tmp_path):
    done = run_tests(tmp_path, SKIPPING["by mark"] + "def test_other(): pass\n", ci="")

    assert done.returncode == 0, done.stdout
    assert "1 passed, 1 skipped" in done.stdout


def test_in_ci_an_expected_failure_is_no_skip(tmp_path):
    source = "import pytest\n@pytest.mark.xfail\ndef test(): raise ValueError\n"

    assert run_tests(tmp_path, source, ci="true").returncode == 0
