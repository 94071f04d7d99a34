import errno
import hashlib
import os

import pytest

from app.errors import InputError, RawFolderError, StoredFileError, StoreError
from app.instruments.bands import Band
from app.models.production import Family
from app.store import Store
from workers.process.failure import failure_of
from workers.process.outage import LIMIT_WAIT_SECONDS, outage_of, wait_for
from workers.process.stopping import Stopping
from workers.steps.inputs import ingested_path
from workers.steps.scan_facts import ScanFile


class Clockwork(Stopping):
    """Waits that pass at once and are noted; after a while something happens."""

    def __init__(self, happen=lambda: None, after_seconds=1.0):
        super().__init__(0.0)
        self.waited_seconds = 0.0
        self._happen, self._after_seconds = happen, after_seconds

    def pause(self, seconds):
        self.waited_seconds += seconds
        if self.waited_seconds >= self._after_seconds:
            self._happen()


def full(number=errno.ENOSPC, needed_bytes=16):
    error = StoreError(os.strerror(number))
    error.needed_bytes = needed_bytes
    return error


@pytest.mark.parametrize(
    "error",
    [
        InputError("x"),
        StoredFileError("x"),
        ValueError("x"),
        OSError(errno.ENOENT, "x"),
        OSError(errno.EMFILE, "x"),
    ],
)
def test_other_failures_are_those_of_the_task(error, tmp_path):
    assert outage_of(error, str(tmp_path)) is None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_disks_and_stores_are_waited_for(number, tmp_path):
    for error in (OSError(number, os.strerror(number)), full(number)):
        outage = outage_of(error, str(tmp_path))
        assert outage is not None
        assert outage.failure.family is Family.TRANSIENT
        assert outage.probe() == ""


def test_damaged_file_is_not_tried_again():
    assert failure_of(StoredFileError("gone")).family is Family.INPUT
    assert failure_of(StoredFileError("gone")).code == "STORED_FILE"


def test_probe_has_the_size_of_the_refused_file(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(Store, "check", lambda _self, size_bytes: written.append(size_bytes))
    for needed in (0, 12_345):
        assert outage_of(full(needed_bytes=needed), str(tmp_path)).probe() == ""
    assert written == [16, 12_345]


def test_waits_until_it_is_over(tmp_path, monkeypatch):
    rooms = iter([False, False, True])

    def check(_self, _size_bytes):
        if not next(rooms):
            raise full()

    monkeypatch.setattr(Store, "check", check)
    clockwork = Clockwork()
    wait_for(outage_of(full(), str(tmp_path)), clockwork, lambda: True)
    assert clockwork.waited_seconds == pytest.approx(0.1 + 0.2 + 0.4)
    # The probe succeeds and the work does not: each time it waits twice as long, half a minute at most.
    monkeypatch.setattr(Store, "check", lambda _self, _size_bytes: None)
    for met_before, seconds in ((1, 0.2), (2, 0.4), (99, LIMIT_WAIT_SECONDS)):
        clockwork = Clockwork()
        wait_for(outage_of(full(), str(tmp_path)), clockwork, lambda: True, met_before)
        assert clockwork.waited_seconds == pytest.approx(seconds)


def test_ends_with_a_stop_or_when_somebody_else_did_the_task(tmp_path, monkeypatch):
    def check(_self, _size_bytes):
        raise full()

    monkeypatch.setattr(Store, "check", check)
    outage = outage_of(full(), str(tmp_path))
    clockwork = Clockwork()
    wait_for(outage, clockwork, lambda: False)
    assert not clockwork.requested
    clockwork = Clockwork(lambda: setattr(clockwork, "requested", True))
    wait_for(outage, clockwork, lambda: True)
    assert clockwork.requested


def test_store_that_is_not_mounted_is_not_written_to(tmp_path):
    """Its place is an empty folder of another disk, which takes every write."""
    mounted, place = tmp_path / "disk", tmp_path / "store"
    name = Store(str(mounted)).put(b"planes", "calibration", ".fits").name
    place.mkdir()
    with pytest.raises(StoreError) as caught:
        Store(str(place)).local_path(name)
    outage = outage_of(caught.value, str(place))
    assert "holds no calibration files" in outage.probe()
    assert list(place.iterdir()) == []
    place.rmdir()
    mounted.rename(place)
    assert outage.probe() == ""


@pytest.mark.parametrize("state", ["absent", "empty"])
def test_raw_folder_that_is_not_mounted(tmp_path, state):
    folder = tmp_path / "archive"
    file = ScanFile(1, "scan", Band.J, None, str(folder / "j.fits"), hashlib.sha256(b"pixels").hexdigest())
    if state == "empty":
        folder.mkdir()
    with pytest.raises(RawFolderError, match="is not there or is empty") as caught:
        ingested_path(file)
    outage = outage_of(caught.value, str(tmp_path))
    assert outage.failure.code == "RAW_FOLDER"
    assert str(folder) in outage.probe()
    folder.mkdir(exist_ok=True)
    (folder / "j.fits").write_bytes(b"pixels")
    assert outage.probe() == ""
    assert ingested_path(file) == folder / "j.fits"
    # One file that is gone from a folder of others is the file's own fault.
    (folder / "j.fits").rename(folder / "h.fits")
    with pytest.raises(InputError, match=r"j\.fits"):
        ingested_path(file)
