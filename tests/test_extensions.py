from __future__ import annotations

import subprocess
import sys

from keylint import extensions


def test_what_is_not_installed_is_none() -> None:
    assert extensions.load("nowhere._extension") is None
    assert extensions.load("keylint._no_extension") is None
    assert extensions.find("nowhere._extension") is None


def test_a_module_in_python_is_none() -> None:
    assert extensions.find("wsgiref.headers") is not None
    assert extensions.load("wsgiref.headers") is None
    assert "wsgiref.headers" not in sys.modules


def test_the_package_finds_the_module_that_was_loaded_on_its_own() -> None:
    code = (
        "import sys; from keylint import extensions; alone = extensions.load('regex._regex')\n"
        "assert 'regex' not in sys.modules and extensions.load('regex._regex') is alone\n"
        "import regex; assert regex._regex_core._regex is alone\n"
        "assert regex.compile('a+').findall('aab') == ['aa']"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
