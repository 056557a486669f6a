"""The HTTP layer: retries, refusals, redirects, certificates, and no token anywhere."""

from __future__ import annotations

import datetime as dt
import logging
import os
import ssl
import subprocess
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from keylint.errors import AccessError, ApiError, ExitCode, KeylintError, UsageError
from keylint.inventory.api.http import Call, HttpPolicy, JsonClient, UncertainError, check_base_url
from keylint.inventory.api.token import is_api_key, token_from_environment, token_from_file, token_from_stream
from keylint.secret import Secret
from tests.standin import Fault, StandIn

_NOW = dt.datetime(2026, 1, 31, tzinfo=dt.timezone.utc).timestamp()


def _client(server: StandIn, pauses: list[float] | None = None, **policy: float) -> JsonClient:
    token = Secret(server.coveo.admin_token.encode())
    return JsonClient(
        server.url,
        {"Authorization": _Bearer(token)},
        policy=HttpPolicy(**policy),  # type: ignore[arg-type]
        sleep=(pauses if pauses is not None else []).append,
        wall=lambda: _NOW,
    )


def _Bearer(token: Secret) -> Secret:  # noqa: N802
    return Secret(b"Bearer " + token.reveal(), weak=True)


def _list(server: StandIn, needs: str = "") -> Call:
    return Call("GET", f"/rest/organizations/{server.coveo.org}/apikeys", needs=needs)


def _create(server: StandIn) -> Call:
    return Call(
        "POST",
        f"/rest/organizations/{server.coveo.org}/apikeys",
        {"apiKeyTemplateId": "AnonymousSearch"},
        {"displayName": "new"},
    )


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_listing_is_repeated_with_growing_pauses(stand_in: StandIn, status: int) -> None:
    stand_in.faults.add(Fault("GET", status=status, times=3))
    pauses: list[float] = []
    with _client(stand_in, pauses) as client:
        assert client.request(_list(stand_in)) == []
    assert pauses == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("header", "pause"), [("7", 7.0), ("Sat, 31 Jan 2026 00:00:09 GMT", 9.0), ("soon", 0.5), ("-4", 0.5)]
)
def test_retry_after_is_honoured_in_both_forms(stand_in: StandIn, header: str, pause: float) -> None:
    stand_in.faults.add(Fault("GET", status=429, headers={"Retry-After": header}))
    pauses: list[float] = []
    with _client(stand_in, pauses) as client:
        client.request(_list(stand_in))
    assert pauses == [pause]


def test_a_server_that_asks_for_an_hour_is_not_waited_for(stand_in: StandIn) -> None:
    stand_in.faults.add(Fault("GET", status=429, headers={"Retry-After": "3600"}))
    pauses: list[float] = []
    with _client(stand_in, pauses) as client, pytest.raises(ApiError, match="asks to wait 3600 s"):
        client.request(_list(stand_in))
    assert pauses == []


def test_retries_end(stand_in: StandIn) -> None:
    stand_in.faults.add(Fault("GET", status=503, times=-1))
    with _client(stand_in) as client, pytest.raises(ApiError, match="503") as caught:
        client.request(_list(stand_in))
    assert len(stand_in.seen) == HttpPolicy().attempts
    assert caught.value.exit_code is ExitCode.INCOMPLETE


@pytest.mark.parametrize(
    "fault", [Fault("POST", status=500, after=True), Fault("POST", drop=True, after=True)]
)
def test_a_creating_call_whose_answer_is_lost_is_not_repeated(stand_in: StandIn, fault: Fault) -> None:
    stand_in.faults.add(fault)
    with _client(stand_in) as client, pytest.raises(UncertainError, match="not known"):
        client.request(_create(stand_in))
    assert len(stand_in.coveo.keys) == 1


def test_a_creating_call_is_repeated_after_429(stand_in: StandIn) -> None:
    stand_in.faults.add(Fault("POST", status=429))
    with _client(stand_in) as client:
        assert client.request(_create(stand_in))["id"] in stand_in.coveo.keys


def test_a_slow_answer_ends_in_one_line(stand_in: StandIn) -> None:
    stand_in.faults.add(Fault("GET", latency_s=0.5, status=200, times=-1))
    with _client(stand_in, read_timeout_s=0.05, attempts=2) as client, pytest.raises(ApiError) as caught:
        client.request(_list(stand_in))
    assert "ReadTimeout" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "word"), [(401, "expired"), (403, "API keys: View"), (404, "--org"), (418, "418")]
)
def test_refusals_say_what_is_missing(stand_in: StandIn, status: int, word: str) -> None:
    stand_in.faults.add(Fault("GET", status=status, body={"errorCode": "SOME_CODE", "message": "x"}))
    with _client(stand_in) as client, pytest.raises(AccessError, match="SOME_CODE") as caught:
        client.request(_list(stand_in, needs="API keys: View"))
    assert word in str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE
    assert len(stand_in.seen) == 1


def test_a_redirect_to_another_host_does_not_carry_the_token(stand_in: StandIn) -> None:
    with StandIn(seed=2) as other:
        stand_in.faults.add(
            Fault("GET", status=307, headers={"Location": other.url.replace("localhost", "127.0.0.1")})
        )
        with _client(stand_in) as client, pytest.raises(ApiError, match=r"redirects to 127\.0\.0\.1"):
            client.request(_list(stand_in))
        assert other.seen == []


def test_an_answer_that_is_not_json_or_too_large_is_named(stand_in: StandIn) -> None:
    stand_in.faults.add(Fault("GET", status=200, body=b"<html>"))
    stand_in.faults.add(Fault("GET", status=200, body=b"[" + b" " * 5000 + b"]"))
    with _client(stand_in, max_body_bytes=1000) as client:
        with pytest.raises(ApiError, match="not JSON"):
            client.request(_list(stand_in))
        with pytest.raises(ApiError, match="too large"):
            client.request(_list(stand_in))


def test_an_unreachable_host_is_one_line() -> None:
    with (
        JsonClient("http://127.0.0.1:9", {}, sleep=lambda _: None) as client,
        pytest.raises(ApiError, match="cannot be reached"),
    ):
        client.request(Call("GET", "/"))


def test_the_token_is_in_no_message_log_repr_or_traceback(
    stand_in: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    token = stand_in.coveo.admin_token
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    echo = {"errorCode": token, "message": f"bad token {token}"}
    for fault in (
        Fault("GET", status=401, body=echo),
        Fault("GET", status=500, body=echo, times=-1),
    ):
        stand_in.faults.clear()
        stand_in.faults.add(fault)
        client = _client(stand_in)
        try:
            client.request(_list(stand_in))
        except KeylintError:
            seen.append(traceback.format_exc())
        seen.append(repr(client) + repr(vars(client)))
        client.close()
    assert any(record.name.startswith("httpcore") for record in caplog.records)
    everything = "".join(seen) + caplog.text
    assert token not in everything
    assert token[2:] not in everything


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "ftp://localhost", "https://u:p@example.com", "https://a/?x=1", "", "platform"],
)
def test_addresses_that_would_show_the_token_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="--base-url"):
        check_base_url(url)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2"
    options = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command.split(), *options], cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem"


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[StandIn]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with StandIn(ssl_context=context) as stand_in:
        yield stand_in


def test_an_untrusted_certificate_is_refused(tls_server: StandIn) -> None:
    with _client(tls_server) as client, pytest.raises(ApiError, match="certificate is not trusted"):
        client.request(_list(tls_server))
    assert tls_server.seen == []


def test_ssl_cert_file_names_a_private_authority(
    tls_server: StandIn, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with _client(tls_server) as client:
        assert client.request(_list(tls_server)) == []


class TestToken:
    def test_environment(self) -> None:
        assert token_from_environment("T", {"T": " Bearer abc \n"}).reveal() == b"abc"
        with pytest.raises(UsageError, match="variable T is not set"):
            token_from_environment("T", {})

    def test_a_file_that_others_can_read_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "token"
        path.write_text("abc\n")
        path.chmod(0o644)
        with pytest.raises(UsageError, match="others can read it"):
            token_from_file(str(path))
        path.chmod(0o600)
        assert token_from_file(str(path)).reveal() == b"abc"
        with pytest.raises(UsageError, match="cannot be read"):
            token_from_file(str(tmp_path / "none"))

    @pytest.mark.parametrize("data", [b"", b"two words", b"caf\xc3\xa9", b"a\nb", b"x" * 20000])
    def test_what_is_not_a_token_is_refused_without_being_shown(self, data: bytes) -> None:
        read, write = os.pipe()
        os.write(write, data)
        os.close(write)
        with os.fdopen(read, "rb") as stream, pytest.raises(UsageError) as caught:
            token_from_stream(stream)
        assert "two words" not in str(caught.value)

    def test_an_api_key_is_told_from_a_persons_token(self, stand_in: StandIn) -> None:
        row = stand_in.coveo.add("AnonymousSearch")
        assert is_api_key(Secret(stand_in.coveo.values[row["id"]].encode()))
        assert not is_api_key(Secret(stand_in.coveo.admin_token.encode()))
