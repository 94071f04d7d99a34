"""Two scripts on one database in all orders of their steps, with what must hold of the protocol at the end."""

from __future__ import annotations

from app.errors import ConflictError, TokenLostError
from app.production import protocol
from app.production.publishing import InputsReplacedError, RunReleasedError, publish
from tests.worlds.interleaving import Session, orders, play
from tests.worlds.production import IDENTITY, check_invariants, publication_of

LEASE = 60.0
INVARIANT_ORDERS = 10
EXPECTED = (TokenLostError, InputsReplacedError, RunReleasedError, ConflictError)


def run_orders(observer, pair, make, steps, check):
    """Play two scripts in all orders; `make` gives world and scripts, `check` looks at the end.

    Nobody touches the world of an order afterwards, so that what it broke is still broken at the end: the invariants,
    which read the whole database, are looked at every `INVARIANT_ORDERS`.
    """
    played = 0
    for order in orders(*steps):
        world, scripts = make()
        sessions = [Session(c, script) for c, script in zip(pair, scripts, strict=True)]
        play(observer, sessions, order)
        for session in sessions:
            assert session.error is None or isinstance(session.error, EXPECTED), (order, session.error)
        check(world, sessions, order)
        played += 1
        if played % INVARIANT_ORDERS == 0:
            check_invariants(observer)
    check_invariants(observer)
    return played


def claim(connection, world):
    return protocol.claim(connection, IDENTITY, LEASE, world.run)


def publishing(held, uses=()):
    """Publish with a pause after every step inside the transaction."""

    def script(connection, pause):
        return publish(connection, held, publication_of(held, None, uses), None, lambda _point: pause())

    return script
