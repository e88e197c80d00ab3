"""Promise 15: connections come and go, and nothing of them stays. FAULTS_CYCLES=10000 for a long run."""

import os

from tests.servers.clients import ask
from tests.servers.servers import Server, on_its_own

CYCLES = int(os.environ.get("FAULTS_CYCLES", "1000"))

TOGETHER = 20
"""So many clients are connected at a time."""

MEMORY_A_CYCLE = 1024
"""Far less than the smallest thing that could be left behind: a task alone takes more. In bytes."""


def cycle(server: Server) -> None:
    """Connect, read, and leave: idle and busy streams, in the ordinary way and with a reset."""
    clients = [ask(server, ("/idle", "/flood")[number % 2]) for number in range(TOGETHER)]
    for number, client in enumerate(clients):
        client.read(10)
        if number % 4 < 2:
            client.leave()
        else:
            client.reset()
    for client in clients:
        client.socket.close()
    server.wait("returned", count=TOGETHER)
    assert server.all("collected") == []
    assert len(server.all("torn down")) == TOGETHER
    server.begin()


@on_its_own("uvicorn", "granian", "hypercorn")
def test_a_thousand_connections_leave_no_task_descriptor_or_memory_behind(
    own_server: Server,
) -> None:
    for _ in range(5):
        cycle(own_server)
    before = own_server.count()
    for _ in range(CYCLES // TOGETHER):
        cycle(own_server)
    after = own_server.settle(
        lambda now: (
            now.tasks <= before.tasks
            and now.generators <= before.generators
            and now.descriptors <= before.descriptors
        )
    )
    print(f"{own_server.kind}: {before} → {after}")
    assert after.tasks <= before.tasks
    assert after.generators <= before.generators
    assert after.descriptors <= before.descriptors
    assert after.memory - before.memory < CYCLES * MEMORY_A_CYCLE + (4 << 20)
