"""Checksums as S3 documents them, before moto, which compares none.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

import base64
import hashlib

from tests.upload.proxy import Answer, Proxy, Request

_REFUSAL = (
    b"<Error><Code>BadDigest</Code><Message>The SHA256 you specified did not match the calculated "
    b"checksum.</Message></Error>"
)


class S3Front(Proxy):
    def respond(self, request: Request) -> Answer:
        said = request.headers.get("x-amz-checksum-sha256")
        if said and said != base64.b64encode(hashlib.sha256(request.body).digest()).decode():
            return Answer(400, {"Content-Type": "application/xml"}, _REFUSAL)
        return super().respond(request)
