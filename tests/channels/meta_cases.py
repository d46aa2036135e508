"""What the tests of the three Meta channels share: how Meta signs and how it checks a subscription."""
from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from channels.base import BadSignature, Request
from tests.channels.contract import ChannelContract

SECRETS = {"access_token": "EAAG-page-token-1", "app_secret": "app-secret-123", "verify_token": "verify-me-123"}


class MetaContract(ChannelContract):
    api_path = "/v23.0"
    breaking = [{"code": 190, "status": 401}, {"code": 10, "status": 403}, {"code": 200, "status": 403},
                {"code": 3, "status": 400}]

    def sign(self, body: bytes) -> Request:
        mac = hmac.new(SECRETS["app_secret"].encode(), body, hashlib.sha256).hexdigest()
        return Request("POST", {"X-Hub-Signature-256": f"sha256={mac}"}, {}, body)

    def test_signs_as_meta_does(self):
        """Worked out by hand with openssl: the body is signed as it is sent, with non-ASCII escaped."""
        body = b'{"object":"page","entry":[],"note":"caf\\u00e9"}'
        mac = "8ca4badc1f09dcd1fe91030af9a239e9cb74f31fc9cae14df8fde6705f27646f"
        self.open().verify(Request("POST", {"X-Hub-Signature-256": f"sha256={mac}"}, {}, body))
        with pytest.raises(BadSignature):       # the same JSON, written differently
            self.open().verify(Request("POST", {"X-Hub-Signature-256": f"sha256={mac}"}, {},
                                       body.replace(b"\\u00e9", "é".encode())))

    def test_takes_the_older_signature_only_where_the_newer_is_missing(self):
        body = b'{"entry": []}'
        mac = hmac.new(SECRETS["app_secret"].encode(), body, hashlib.sha1).hexdigest()
        old = Request("POST", {"X-Hub-Signature": f"sha1={mac}"}, {}, body)
        self.open().verify(old)
        for headers in ({"X-Hub-Signature": f"sha1={mac[::-1]}"},
                        {"X-Hub-Signature": f"sha1={mac}", "X-Hub-Signature-256": "sha256=00"}):
            with pytest.raises(BadSignature):
                self.open().verify(replace(old, headers=headers))

    def test_answers_the_subscription_check_with_the_challenge(self):
        query = {"hub.mode": "subscribe", "hub.verify_token": SECRETS["verify_token"], "hub.challenge": "1158201444"}
        request = Request("GET", {}, query, b"")
        self.open().verify(request)
        assert self.open().handshake(request) == "1158201444"

    def test_refuses_a_subscription_check_with_a_wrong_token_or_mode(self):
        good = {"hub.mode": "subscribe", "hub.verify_token": SECRETS["verify_token"], "hub.challenge": "1"}
        for wrong in ({"hub.verify_token": "guess"}, {"hub.verify_token": ""}, {"hub.mode": "unsubscribe"}):
            with pytest.raises(BadSignature):
                self.open().verify(Request("GET", {}, {**good, **wrong}, b""))

    def test_a_delivery_is_no_handshake(self):
        assert self.open().handshake(self.sign(b"{}")) is None

    def test_an_empty_batch_is_nothing(self):
        assert self.read({"entry": []}) == self.read({"entry": {}}) == []
