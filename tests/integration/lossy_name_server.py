"""A name server that loses what it is first asked, and a lookup of a name by it in a shell."""

import socket
import subprocess
import sys
import threading
import time

NOT_THERE = b"\x81\x83"
"""The flags of an answer: such a name does not exist (RFC 1035, section 4.1.1)."""

asked: dict[bytes, list[float]] = {}
"""When each question came, in seconds."""


def serve(server: socket.socket) -> None:
    """Answer each question the second time that it is asked."""
    while True:
        query, client = server.recvfrom(512)
        times = asked.setdefault(query[12:], [])
        times.append(time.monotonic())
        if len(times) > 1:
            server.sendto(query[:2] + NOT_THERE + query[4:], client)


if __name__ == "__main__":
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        threading.Thread(target=serve, args=[server], daemon=True).start()
        lookup = ". /network.sh; exec getent ahosts name.example"
        subprocess.run(["sh", "-euc", lookup], check=False)
        waited = max(times[-1] - times[0] for times in asked.values())
        sys.stdout.write(f"{waited}\n")
