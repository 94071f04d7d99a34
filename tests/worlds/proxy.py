"""A unix-socket proxy before PostgreSQL that loses the answer to the COMMIT of a publication."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from pathlib import Path

SOCKET_NAME = ".s.PGSQL.5432"


class AnswerThief:
    """Forwards everything, except for the server's answer to the first COMMIT after a COPY."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self.stolen = threading.Event()
        self._server = server / SOCKET_NAME
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET_NAME))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self._server))
        copied = False
        with client, server, selectors.DefaultSelector() as ready, contextlib.suppress(OSError):
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    source, target = key.fileobj, key.data
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    copied |= source is client and b"COPY " in data
                    target.sendall(data)
                    if source is client and copied and b"COMMIT" in data and not self.stolen.is_set():
                        # The server has committed when it answers; the client never hears of it.
                        server.recv(1 << 16)
                        self.stolen.set()
                        return
