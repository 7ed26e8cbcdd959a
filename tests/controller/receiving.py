"""A server on loopback that keeps what it is sent, and answers as a test says."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """What came in, and what is answered: the last answer again and again."""

    def __init__(self, answers):
        self.answers = list(answers)
        self.received = []
        self.arrived = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()
        self.url = ""

    def next_answer(self):
        return self.answers.pop(0) if self.answers[1:] else self.answers[0]


@contextmanager
def receiving(*answers):
    """A receiver that answers with these statuses, or statuses with headers."""
    receiver = Receiver(answers or [204])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.received.append((self.path, dict(self.headers.items()), body))
            receiver.arrived.release()
            receiver.gate.wait(30)
            answer = receiver.next_answer()
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_port}/hooks/token-of-somebody"
        try:
            yield receiver
        finally:
            receiver.gate.set()
            server.shutdown()
            thread.join()
