"""
The web service of one instance: each request is a piece of work that takes a fixed time, a few of them at once.

Run as a program of its own: `web.py ADDRESS PORT SLOTS SECONDS`. It needs nothing but Python, and starts fast.
"""

import socket
import sys
import threading
import time

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"


def answer(connection: socket.socket, free: threading.Semaphore, seconds: float) -> None:
    """Answer the requests of a connection, one after the other."""
    with connection, connection.makefile("rb") as lines:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while first := lines.readline():
                while lines.readline().strip():
                    pass  # headers
                if not first.startswith(b"GET /up "):  # a check of health is no work
                    with free:
                        time.sleep(seconds)
                connection.sendall(ANSWER)
        except OSError:
            pass  # whoever asked has gone


def serve(address: str, port: int, slots: int, seconds: float) -> None:
    """Serve until this process is ended."""
    free = threading.Semaphore(slots)
    with socket.create_server((address, port), backlog=64) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(connection, free, seconds), daemon=True).start()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
