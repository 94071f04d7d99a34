"""How much a client may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of the services; the tests and benchmarks raise or lower them.

    Attributes
    ----------
    default_rows, most_rows : int
        Rows of an answer when MAXREC is not given, and at most.
    query_seconds, job_seconds : float
        Longest query of a synchronous request and of a job. [s]
    request_bytes : int
        Largest request, uploaded tables included.
    upload_rows : int
        Rows of the uploaded tables of a request together.
    connections : int
        Queries that run at once; further ones wait. The reader's role has 50 connections.
    jobs_of_client : int
        Jobs of a client that are kept; older ones must be deleted first.
    job_days : float
        How long a job and its result are kept. [d]
    jobs_at_once : int
        Jobs that run at once.
    cutouts_of_job : int
        Cut-outs that a job may ask for.
    client_requests_minute : int
        Requests for data that a client may send in a minute, all of them at once if it likes; this machine's own are
        not counted.
    client_at_once : int
        Requests for data of a client that are answered at once; further ones wait.
    """

    default_rows: int = 1_000_000
    most_rows: int = 20_000_000
    query_seconds: float = 60.0
    job_seconds: float = 3600.0
    request_bytes: int = 256_000_000
    upload_rows: int = 1_000_000
    connections: int = 20
    jobs_of_client: int = 200
    job_days: float = 7.0
    jobs_at_once: int = 4
    cutouts_of_job: int = 20_000
    client_requests_minute: int = 1_200
    client_at_once: int = 10
