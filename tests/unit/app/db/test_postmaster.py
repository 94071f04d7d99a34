from __future__ import annotations

import os
import subprocess
import sys

from app.db import postmaster

PID_FILE = "{pid}\n/data\n1700000000\n5432\n/tmp/pg-x\n\n  123 456\n{state}\n"


def write(tmp_path, pid, state="ready   "):
    (tmp_path / postmaster.PID_FILE).write_text(PID_FILE.format(pid=pid, state=state), encoding="utf-8")


def test_pid_file(tmp_path):
    assert postmaster.read_pid_file(tmp_path) is None
    write(tmp_path, 42)
    found = postmaster.read_pid_file(tmp_path)
    assert (found.pid, found.socket_dir, found.port, found.ready) == (42, "/tmp/pg-x", 5432, True)
    write(tmp_path, 42, "starting")
    assert not postmaster.read_pid_file(tmp_path).ready
    (tmp_path / postmaster.PID_FILE).write_text("", encoding="utf-8")
    assert postmaster.read_pid_file(tmp_path) is None


def test_pid_taken_over_by_another_program_is_stale(tmp_path):
    write(tmp_path, os.getpid())
    assert postmaster.running(tmp_path) is None
    assert postmaster.clear_stale(tmp_path)
    assert not (tmp_path / postmaster.PID_FILE).exists()
    assert not postmaster.clear_stale(tmp_path)


def test_zombie_is_stale(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.DEVNULL)
    while postmaster.process_state(child.pid) != "Z":
        os.sched_yield()
    write(tmp_path, child.pid)
    assert postmaster.running(tmp_path) is None
    assert postmaster.clear_stale(tmp_path)
    child.wait()


def test_state_of_nobody():
    assert postmaster.process_state(2**22 + 1) == ""


def test_the_fault_is_told_and_not_what_was_cleaned_up_after_it():
    told = """running script ... 23:08 UTC [1] FATAL:  could not write to file "pg_wal/x": No space left on device
child process exited with exit code 1
initdb: removing contents of data directory "/data"
"""
    assert postmaster.last_lines(told).endswith('could not write to file "pg_wal/x": No space left on device')
    other = 'LOG: a\nFATAL: configuration file "/c" contains errors\n'
    assert postmaster.last_lines(other) == 'LOG: a / FATAL: configuration file "/c" contains errors'
    assert postmaster.last_lines("one\ntwo\nthree\n") == "two / three"
    assert postmaster.last_lines("\n") == "no message"
