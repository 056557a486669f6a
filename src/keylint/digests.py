"""SHA-256 and HMAC without OpenSSL, whose library takes 5 to 15 ms to load: every scan with a find waits.

Python has its own SHA-256 for builds without it (`_sha2` since 3.12, `_sha256` before), which is as fast for
short texts.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:  # no CPython
            from hashlib import sha256

__all__ = ["hmac_sha256", "sha256"]

_BLOCK = 64  # bytes
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def hmac_sha256(key: bytes, data: bytes) -> str:
    """HMAC-SHA-256 (RFC 2104) as 64 hex digits."""
    if len(key) > _BLOCK:
        key = sha256(key).digest()
    key = key.ljust(_BLOCK, b"\0")
    inner = sha256(key.translate(_INNER) + data).digest()
    return sha256(key.translate(_OUTER) + inner).hexdigest()
