"""HTTP for key APIs: one place that knows about tokens, retries, redirects and error messages.

Certificates are always verified; `SSL_CERT_FILE` names further authorities. A redirect is never followed,
so a token cannot travel to another host. No message, log or repr holds a token or a response value.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from keylint.errors import AccessError, ApiError, KeylintError, UsageError

if TYPE_CHECKING:
    import httpx

    from keylint.secret import Secret

# Statuses after which the same request may succeed.
_TRANSIENT = (429, 500, 502, 503, 504)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CODE = re.compile(r"[A-Z][A-Z_]{0,63}")
_REFUSALS = {
    401: ("the token is not valid or has expired", "get a new access token"),
    403: ("the token may not do this", "an API key can't list keys: use a person's access token"),
    404: ("no such organisation or key", "check --org, the id and the region"),
    412: ("the platform's rules do not allow it for this key", ""),
}


@dataclass(frozen=True)
class HttpPolicy:
    """Limits of one client, in seconds, attempts and bytes."""

    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    attempts: int = 5
    backoff_s: float = 0.5  # doubles with every attempt
    max_wait_s: float = 60.0  # of one pause; a server that asks for more is told no
    max_body_bytes: int = 512 * 2**20


@dataclass(frozen=True)
class Call:
    """One request. `safe_to_repeat` is false where a repetition could create something twice."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    needs: str = ""  # the privilege, for the message on 403

    @property
    def safe_to_repeat(self) -> bool:
        """Whether carrying it out twice is the same as once."""
        return self.method in ("GET", "DELETE") or (
            self.method == "PUT" and not self.path.endswith("/duplicate")
        )


class UncertainError(ApiError):
    """A request that creates something was sent, and it is not known whether it was carried out."""


def check_base_url(url: str) -> str:
    """The base address without a trailing slash. Raises UsageError unless it is https or on this machine."""
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError("--base-url: only scheme, host, port and path are expected")
    if parts.scheme == "https" and parts.hostname:
        return url.rstrip("/")
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return url.rstrip("/")
    raise UsageError(
        f"--base-url {url}: expected an https address",
        hint="plain http is accepted for localhost only, since the token would be readable on the way",
    )


class JsonClient:
    """JSON over HTTP with a token in a header. Close it, or use it as a context manager.

    `sleep` and `wall` (seconds since the epoch) are passed in by tests.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, Secret | str],
        *,
        policy: HttpPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.base_url = check_base_url(base_url)
        self._headers = dict(headers)
        self._policy = policy or HttpPolicy()
        self._sleep = sleep
        self._wall = wall
        self._client: httpx.Client | None = None

    def __enter__(self) -> JsonClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"JsonClient({self.base_url})"

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    @property
    def host(self) -> str:
        """The host name, for messages."""
        return urlsplit(self.base_url).hostname or ""

    def request(self, call: Call) -> Any:
        """Carry out a call and return the parsed body (None where it is empty).

        Repeats after 429 and 5xx with growing pauses, or those that `Retry-After` asks for. Raises
        AccessError for a refusal, ApiError for anything else that is not a success, and UncertainError
        where a creating call may or may not have been carried out.
        """
        for attempt in range(1, self._policy.attempts + 1):
            last = attempt == self._policy.attempts
            outcome = self._attempt(call)
            if not isinstance(outcome, _Retry):
                return outcome
            if last or not outcome.allowed:
                raise outcome.error
            self._pause(outcome, attempt)
        raise AssertionError("attempts is at least 1")

    def _attempt(self, call: Call) -> Any:
        import httpx

        try:
            status, headers, body = self._send(call)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            # Nothing was sent, so repeating is always safe; a wrong certificate stays wrong.
            certificate = "CERTIFICATE" in str(error).upper()
            return _Retry(self._unreachable(call, error), allowed=not certificate)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise UsageError(f"{self.base_url}: not a usable address") from None
        except httpx.HTTPError as error:
            return _Retry(self._broken(call, error), allowed=call.safe_to_repeat)
        if 200 <= status < 300:
            return self._parse(call, body)
        failure = self._failure(call, status, headers, body)
        if status not in _TRANSIENT:
            raise failure
        # 429 means that the server did not carry the request out.
        allowed = call.safe_to_repeat or status == 429
        if not allowed:
            failure = self._uncertain(call, f"answered {status}")
        return _Retry(failure, allowed=allowed, wait_s=_retry_after(headers, self._wall()))

    def _send(self, call: Call) -> tuple[int, Mapping[str, str], bytes]:
        content = None if call.body is None else json.dumps(call.body).encode()
        headers = {name: _plain(value) for name, value in self._headers.items()}
        if content is not None:
            headers["Content-Type"] = "application/json"
        url = self.base_url + call.path
        with self._open().stream(
            call.method, url, params=dict(call.query) or None, content=content, headers=headers
        ) as answer:
            chunks: list[bytes] = []
            size = 0
            for chunk in answer.iter_bytes():
                size += len(chunk)
                if size > self._policy.max_body_bytes:
                    raise ApiError(f"{self.host}: the answer to {call.method} {call.path} is too large")
                chunks.append(chunk)
            return answer.status_code, answer.headers, b"".join(chunks)

    def _open(self) -> httpx.Client:
        if self._client is None:
            import httpx

            policy = self._policy
            self._client = httpx.Client(
                timeout=httpx.Timeout(policy.read_timeout_s, connect=policy.connect_timeout_s),
                follow_redirects=False,
                verify=_tls_context(self.base_url),
                # A proxy has no business with a server on this machine.
                trust_env=self.host not in _LOOPBACK,
                headers={"Accept": "application/json", "User-Agent": "keylint"},
            )
        return self._client

    def _pause(self, retry: _Retry, attempt: int) -> None:
        wait = retry.wait_s
        if wait is None:
            wait = min(self._policy.backoff_s * 2 ** (attempt - 1), self._policy.max_wait_s)
        if wait > self._policy.max_wait_s:
            raise ApiError(f"{retry.error.message}, and asks to wait {wait:.0f} s", hint="try again later")
        self._sleep(wait)

    def _parse(self, call: Call, body: bytes) -> Any:
        if not body:
            return None
        try:
            return json.loads(body)
        except ValueError:
            pass
        if not call.safe_to_repeat:
            raise self._uncertain(call, "answered with something that is not JSON")
        raise ApiError(
            f"{self.host}: the answer to {call.method} {call.path} is not JSON",
            hint="is --base-url the address of the API, and not of a page or a proxy?",
        )

    def _unreachable(self, call: Call, error: Exception) -> KeylintError:
        if "CERTIFICATE" in str(error).upper():
            return ApiError(
                f"{self.host}: the certificate is not trusted",
                hint="for a private authority set SSL_CERT_FILE to its certificate; checking stays on",
            )
        return ApiError(
            f"{self.host} cannot be reached: {type(error).__name__}", hint="check address and network"
        )

    def _broken(self, call: Call, error: Exception) -> KeylintError:
        if call.safe_to_repeat:
            return ApiError(f"{self.host}: {call.method} {call.path} failed: {type(error).__name__}")
        return self._uncertain(call, f"broke off ({type(error).__name__})")

    def _uncertain(self, call: Call, what: str) -> UncertainError:
        return UncertainError(
            f"{self.host}: {call.method} {call.path} {what}, so it is not known whether it was carried out",
            hint="run the command again: it looks first",
        )

    def _failure(self, call: Call, status: int, headers: Mapping[str, str], body: bytes) -> KeylintError:
        what = f"{self.host}: {call.method} {call.path} answered {status}{_error_code(body)}"
        if status in (301, 302, 303, 307, 308):
            target = urlsplit(headers.get("location", "")).hostname or "another address"
            return ApiError(
                f"{self.host} redirects to {target}: not followed, since the token must not go there",
                hint="give the final address with --base-url",
            )
        if 400 <= status < 500 and status != 429:
            text, hint = _REFUSALS.get(status, ("the request was not accepted", ""))
            if status == 403 and call.needs:
                text = f"the token lacks {call.needs}"
            return AccessError(f"{what}: {text}", hint=hint)
        busy = "asks to slow down" if status == 429 else "the service has a problem"
        return ApiError(f"{what}: {busy}")


@dataclass(frozen=True)
class _Retry:
    error: KeylintError
    allowed: bool
    wait_s: float | None = None


def _plain(value: Secret | str) -> str:
    if isinstance(value, str):
        return value
    return value.reveal().decode("ascii")


def _tls_context(base_url: str) -> Any:
    """Verification against the system's authorities and SSL_CERT_FILE, which OpenSSL reads itself."""
    import ssl

    if base_url.startswith("http:"):
        return ssl.SSLContext(
            ssl.PROTOCOL_TLS_CLIENT
        )  # verifies, and trusts nobody: reading authorities is slow
    return ssl.create_default_context()


def _error_code(body: bytes) -> str:
    """The machine-readable code of an error body. Its free text is left out: a server may echo a secret."""
    try:
        data = json.loads(body)
    except ValueError:
        return ""
    code = data.get("errorCode") if isinstance(data, dict) else None
    return f" {code}" if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _retry_after(headers: Mapping[str, str], now_s: float) -> float | None:
    """Seconds to wait by the `Retry-After` header (seconds or HTTP date); None without a usable one."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=dt.timezone.utc)
    return max(0.0, when.timestamp() - now_s)
