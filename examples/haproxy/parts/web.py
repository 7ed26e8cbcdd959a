"""
The web service of one instance: each request is a piece of work that takes a fixed time, a few of them at once.

Run as a program of its own: `web.py ADDRESS PORT SLOTS SECONDS`. It needs nothing but Python.
"""

import asyncio
import signal
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"


async def serve(address: str, port: int, slots: int, seconds: float) -> None:
    """Serve until a signal comes."""
    free = asyncio.Semaphore(slots)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if not head.startswith(b"GET /up "):  # a check of health is no work
                    async with free:
                        await asyncio.sleep(seconds)
                writer.write(ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            pass  # whoever asked has gone, or this instance ends
        finally:
            writer.close()

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await asyncio.start_server(answer, address, port)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
