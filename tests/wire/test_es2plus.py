"""Of a progress report only what is needed is read; the rest is left and counted."""

from __future__ import annotations

import json

import pytest

from enigm.foundation.errors import InvalidError
from enigm.wire.es2plus import Point, ProgressMalformedError, plain_iccid, read_progress
from tests.support.smdp import progress

ICCID = "8949000000000000017"
AT = "2026-11-20T10:00:00Z"


@pytest.mark.requirement("SIM-03")
@pytest.mark.parametrize("point", [4, "4"])
def test_the_notification_point_may_be_a_number_or_a_text(point: int | str) -> None:
    read = read_progress(json.dumps(progress(ICCID + "F", point, AT)).encode())
    assert (read.iccid, read.point, read.has_succeeded) == (ICCID, Point.INSTALLATION, True)
    assert read.at == 1_795_168_800


def test_a_failure_and_a_point_of_no_meaning_are_told_apart() -> None:
    failed = read_progress(json.dumps(progress(ICCID, 3, AT, status="Failed")).encode())
    assert (failed.point, failed.has_succeeded) == (Point.DOWNLOAD, False)
    assert read_progress(json.dumps(progress(ICCID, 101, AT)).encode()).point is None


@pytest.mark.requirement("SIM-05")
def test_everything_beyond_the_allow_list_is_left_and_counted() -> None:
    message = progress(ICCID, 3, AT)
    assert read_progress(json.dumps(message).encode()).dropped == 0
    message |= {"eid": "8" * 32, "resultData": "AAAA", "imsi": "001", "usage": {"bytes": 1}}
    message["header"]["ipAddress"] = "192.0.2.1"
    message["notificationPointStatus"]["cell"] = "1"
    read = read_progress(json.dumps(message).encode())
    assert read.dropped == 6
    assert ICCID not in repr(read)
    assert "192.0" not in repr(read)


@pytest.mark.parametrize(
    "change",
    [
        {"iccid": "12"},
        {"iccid": "x" * 19},
        {"timestamp": "yesterday"},
        {"timestamp": "2026-11-20T10:00:00"},
        {"notificationPointId": "four"},
        {"notificationPointId": None},
        {"notificationPointStatus": "Executed-Success"},
        {"notificationPointStatus": {}},
        {"header": []},
    ],
)
def test_what_cannot_be_read_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ProgressMalformedError):
        read_progress(json.dumps(progress(ICCID, 3, AT) | change).encode())


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"iccid": 1}'])
def test_what_is_no_report_is_refused(content: bytes) -> None:
    with pytest.raises(ProgressMalformedError):
        read_progress(content)


def test_an_iccid_is_digits_alone() -> None:
    assert plain_iccid(ICCID + "F") == plain_iccid(ICCID + "f") == ICCID
    for text in ("", "8949", "8" * 21, "8949 00000000000017", "8" * 18 + "FF"):
        with pytest.raises(InvalidError):
            plain_iccid(text)
