"""Requests to Amazon's services, signed with Signature Version 4.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""
from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit


def signed_headers(method: str, url: str, body: bytes, *, key_id: str, secret: str, region: str, service: str,
                   content_type: str = "", now: datetime | None = None) -> dict[str, str]:
    """The headers that make this request the account's own. `url` has no query; its path is encoded once, as S3 wants
    it."""
    at = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": parts.netloc, "x-amz-content-sha256": digest, "x-amz-date": at,
               **({"content-type": content_type} if content_type else {})}
    names = ";".join(sorted(headers))
    canonical = "\n".join([method, _path(parts.path, service), "", *(f"{n}:{headers[n]}" for n in sorted(headers)), "",
                           names, digest])
    scope = f"{at[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", at, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in (at[:8], region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    sent = {"X-Amz-Content-Sha256": digest, "X-Amz-Date": at, "Authorization":
            f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"}
    return sent | ({"Content-Type": content_type} if content_type else {})


def _path(path: str, service: str) -> str:
    """Every service but S3 signs the path encoded once more."""
    return (path if service == "s3" else quote(path, safe="/-_.~")) or "/"
