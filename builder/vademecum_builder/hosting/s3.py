"""A bucket of S3, or of a service with the same protocol, by obstore (the extra `[s3]`).

Endpoint, region and credentials come from the environment, as obstore reads them: `AWS_ENDPOINT_URL`, `AWS_REGION`,
`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, or a role of the machine.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import obstore
from obstore import exceptions
from obstore.store import ObjectStore, from_url

from vademecum.errors import BusyError, HostError, NetworkError, UsageError
from vademecum_builder.hosting.base import Done, StoredFile, Upload, cache_control, content_type

_AT_ONCE = 8
"""Requests at a time: what browsers and proxies consider fair, and enough to hide round trips."""
_CREDENTIALS = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and, but for Amazon's own, AWS_ENDPOINT_URL"


@contextmanager
def s3_bucket(address: str) -> Iterator[Bucket]:
    """Open a bucket, `s3://bucket/prefix`.

    Raises:
        UsageError: The address or the environment makes no sense.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    try:
        opened = from_url(
            address,
            client_options={"allow_http": endpoint.startswith("http://"), "connect_timeout": timedelta(seconds=10)},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
        )
    except (exceptions.BaseError, ValueError) as error:
        raise UsageError(f"{address}: {_error_line(error)}; set {_CREDENTIALS}") from error
    yield Bucket(opened, address)


class Bucket:
    """A `Host`. An object is put as a whole, with its headers; an object that was read is only replaced if it has not
    changed (`If-Match`, `If-None-Match`), if the service supports conditions."""

    def __init__(self, store: ObjectStore, address: str) -> None:
        self._store = store
        self._address = address
        self._read: dict[str, str | None] = {}

    def list(self) -> Mapping[str, StoredFile]:
        with self._asking("be listed"):
            found = [meta for page in obstore.list(self._store) for meta in page]
        return {meta["path"]: StoredFile(meta["size"], (meta["e_tag"] or "").strip('"')) for meta in found}

    def holds(self, upload: Upload, stored: StoredFile) -> bool:
        # The entity tag of an object that was put in one piece is its MD5, unless S3 encrypts with other keys; then the
        # object is sent again.
        return stored.tag == hashlib.md5(upload.read(), usedforsecurity=False).hexdigest()

    def read(self, path: str) -> bytes | None:
        with self._asking(f"be read ({path})"):
            try:
                found = obstore.get(self._store, path)
            except FileNotFoundError:
                self._read[path] = None
                return None
            self._read[path] = found.meta["e_tag"]
            return bytes(found.bytes())

    def write(self, uploads: Sequence[Upload], done: Done) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            waiting = {pool.submit(self._put, upload): upload for upload in uploads}
            try:
                for finished in as_completed(waiting):
                    finished.result()
                    done(waiting[finished].path)
            finally:
                for future in waiting:
                    future.cancel()

    def delete(self, paths: Sequence[str]) -> None:
        if paths:
            with self._asking("be tidied"):
                obstore.delete(self._store, list(paths))

    def commit(self, message: str) -> None:
        """Do nothing: each object became visible when it was put."""

    def _put(self, upload: Upload) -> None:
        headers = {"Content-Type": content_type(upload.path), "Cache-Control": cache_control(upload.path)}
        put: dict[str, Any] = {"attributes": headers, "use_multipart": False}
        tag = self._read.get(upload.path)
        condition: Any = "create" if tag is None else {"e_tag": tag}
        with self._asking(f"be written ({upload.path})"):
            data = upload.read()
            try:
                if upload.path not in self._read:
                    obstore.put(self._store, upload.path, data, **put)
                    return
                obstore.put(self._store, upload.path, data, mode=condition, **put)
            except (exceptions.PreconditionError, exceptions.AlreadyExistsError) as error:
                raise BusyError(
                    f"{self._address}: another publisher has written {upload.path} in the meantime; publish again"
                ) from error
            except exceptions.BaseError as error:
                if "501" not in str(error) and "NotImplemented" not in str(error):
                    raise
                obstore.put(self._store, upload.path, data, **put)  # the service does not support conditions

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        failed = f"{self._address}: cannot {what}"
        try:
            yield
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise UsageError(f"{failed}: {_error_line(error)}; look at {_CREDENTIALS}") from error
        except (exceptions.NotFoundError, FileNotFoundError) as error:
            raise UsageError(f"{failed}: {_error_line(error)}; is there such a bucket?") from error
        except exceptions.BaseError as error:
            told = str(error)
            if "NoSuchBucket" in told:
                raise UsageError(f"{failed}: there is no such bucket") from error
            if "169.254.169.254" in told:  # the address where machines of Amazon ask for their role
                raise UsageError(f"{failed}: no credentials; set {_CREDENTIALS}") from error
            if re.search(r"\b40[13] [A-Z]", told):  # an HTTP status; an address may contain the digits
                raise UsageError(f"{failed}: {_error_line(error)}; look at {_CREDENTIALS}") from error
            kind = NetworkError if re.search("error sending request|response body error|timed out", told) else HostError
            raise kind(f"{failed}: {_error_line(error)}") from error


def _error_line(error: BaseException) -> str:
    """Return what went wrong in one line; from a service's XML, the code and the message."""
    text = str(error)
    words = re.findall(r"<(?:Code|Message)>([^<]*)</", text)
    return ": ".join([re.split(r":?\s*(?:\n|<\?xml|<Error)", text, maxsplit=1)[0].strip(), *words])
