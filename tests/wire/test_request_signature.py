"""Request signatures: agreement with RFC 9421, and a refusal for every change."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from enigm.crypto.signatures import Ed25519
from enigm.foundation.encoding import base64url_encode
from enigm.wire.device_chain import device_id_of
from enigm.wire.request_signature import (
    RequestSignatureError,
    SignedRequest,
    read_signature,
    sign_request,
    signature_base,
    verify_request,
)
from tests.support.entropy import FakeEntropy

ENTROPY = FakeEntropy(b"request signature")
DEVICE = Ed25519.generate(ENTROPY)
REQUEST = SignedRequest("POST", "/devices/v1/chain", "Bearer abc", b'{"entry":"AA"}')
NOW = 1_795_000_000


def _headers(request: SignedRequest = REQUEST) -> dict[str, str]:
    signed = sign_request(
        request,
        DEVICE,
        device_id=device_id_of(DEVICE.public),
        created=NOW,
        nonce=ENTROPY.random_bytes(16),
    )
    return {name.lower(): value for name, value in signed.items()}


def test_the_example_of_the_rfc_verifies() -> None:
    # RFC 9421 appendix B.2.6, with the key of B.1.4.
    public = base64.b64decode("MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")[-32:]
    base = signature_base(
        [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ],
        '("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"',
    )
    signature = base64.b64decode(
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )
    Ed25519.verify(public, base, signature)


@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 70_000])
def test_a_signed_request_verifies(body: bytes) -> None:
    request = replace(REQUEST, body=body)
    signature = read_signature(_headers(request))
    assert signature.created == NOW
    assert signature.device_id == device_id_of(DEVICE.public)
    verify_request(request, signature, DEVICE.public)


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "DELETE"},
        {"path": "/devices/v1/card"},
        {"authorization": "Bearer other"},
        {"body": b'{"entry":"AB"}'},
        {"body": b""},
    ],
)
def test_a_changed_request_is_refused(changed: dict[str, str]) -> None:
    signature = read_signature(_headers())
    with pytest.raises(RequestSignatureError):
        verify_request(replace(REQUEST, **changed), signature, DEVICE.public)


def test_another_devices_key_does_not_verify() -> None:
    with pytest.raises(RequestSignatureError):
        verify_request(REQUEST, read_signature(_headers()), Ed25519.generate(ENTROPY).public)


@pytest.mark.parametrize("name", ["content-digest", "signature-input", "signature"])
def test_a_missing_header_is_refused(name: str) -> None:
    headers = _headers()
    del headers[name]
    with pytest.raises(RequestSignatureError):
        read_signature(headers)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("signature-input", '"content-digest" ', ""),
        ("signature-input", ' "authorization"', ""),
        ("signature-input", 'alg="ed25519"', 'alg="none"'),
        ("signature-input", "created=1", "created=01"),
        ("signature-input", "created=1", "created=-1"),
        ("signature-input", "enigm=", "other="),
        ("signature-input", ";nonce=", ";nonse="),
        ("signature", "enigm=:", "other=:"),
        ("signature", "==:", "=:"),
        ("signature", ":", ""),
    ],
)
def test_a_header_of_another_form_is_refused(name: str, old: str, new: str) -> None:
    headers = _headers()
    assert old in headers[name]
    headers[name] = headers[name].replace(old, new)
    with pytest.raises(RequestSignatureError):
        read_signature(headers)


@pytest.mark.parametrize("part", ["created", "nonce", "keyid"])
def test_changed_parameters_do_not_verify(part: str) -> None:
    headers = _headers()
    signature = read_signature(headers)
    other = {
        "created": (str(NOW), str(NOW + 1)),
        "nonce": (base64url_encode(signature.nonce), base64url_encode(bytes(16))),
        "keyid": (base64url_encode(signature.device_id), base64url_encode(bytes(16))),
    }[part]
    headers["signature-input"] = headers["signature-input"].replace(*other)
    with pytest.raises(RequestSignatureError):
        verify_request(REQUEST, read_signature(headers), DEVICE.public)
