"""Digests are those of the standard library, and do without OpenSSL."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from keylint.digests import hmac_sha256, sha256


@given(key=st.binary(max_size=200), data=st.binary(max_size=300))
def test_digests_are_those_of_the_standard_library(key: bytes, data: bytes) -> None:
    assert sha256(data).digest() == hashlib.sha256(data).digest()
    assert hmac_sha256(key, data) == hmac.new(key, data, "sha256").hexdigest()


def test_openssl_is_not_loaded_for_them() -> None:
    code = "import sys, keylint.digests as d; d.hmac_sha256(b'k', b'd'); print('_hashlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "False\n"
