"""One pass over one engine at one group size: every operation timed inside the engine."""

from __future__ import annotations

import gc
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.peers import stopwatch
from tests.peers.ts_mls import TsMls

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.mls.engines import Engine

# Members that exist as clients. The rest of a large group are key packages whose owners never
# wake: they cost the others exactly what real ones do.
LIVE_MAX = 33
# A slow engine takes seconds for each commit that all live members process.
LIVE_MAX_MIDDLE = 9
LIVE_MAX_SLOW = 3
# Above this size a slow engine's warm-up alone would take minutes.
SLOW_WARM_MEMBERS_MAX = 100
PLAINTEXT_BYTES = 1024

Figures = dict[str, float]


class Pass:
    """A group that is made, grown, used, and thrown away."""

    def __init__(self, engine: Engine, members: int, messages: int) -> None:
        """Measure with groups of this size, and this many messages."""
        self.engine = engine
        self.members = members
        self.messages = messages
        self.figures: Figures = {}
        self.live: dict[int, Any] = {}

    def run(self) -> Figures:
        """Return seconds by operation, messages a second, and sizes in bytes."""
        gc.collect()
        self._create_and_fill()
        self._update("cold")
        if not self.engine.is_slow or self.members <= SLOW_WARM_MEMBERS_MAX:
            for leaf in list(self.live):
                self._spread(leaf, self.live[leaf].update().commit)
            self._update("warm")
        self.figures["state"] = self.engine.state_bytes(self._reader())
        self._messages()
        return self.figures

    def _live_leaves(self) -> list[int]:
        """Leaves of real clients, spread evenly over the tree, the last one among them."""
        at_most = LIVE_MAX_SLOW if self._is_large_and_slow() else LIVE_MAX
        if self.members <= SLOW_WARM_MEMBERS_MAX:
            at_most = LIVE_MAX_MIDDLE
        count = min(self.members, at_most)
        step = (self.members - 1) / max(count - 1, 1)
        return sorted({round(place * step) for place in range(count)})

    def _is_large_and_slow(self) -> bool:
        return self.engine.is_slow and self.members > SLOW_WARM_MEMBERS_MAX

    def _create_and_fill(self) -> None:
        founder = self.engine.make(b"0")
        founder.create(b"benchmark")
        self.figures["create"] = founder.seconds
        live = set(self._live_leaves())
        clients = {leaf: self.engine.make(b"%d" % leaf) for leaf in range(1, self.members)}
        packages = [client.key_package() for client in clients.values()]
        committed = founder.add(packages)
        self.figures["add"] = founder.seconds
        self.figures["welcome_bytes"] = sum(map(len, set(committed.welcomes)))
        welcomes = committed.welcomes
        if len(welcomes) == 1:
            welcomes *= len(packages)
        self.live = {0: founder}
        for leaf in sorted(live - {0}):
            clients[leaf].join(welcomes[leaf - 1])
            self.live[leaf] = clients[leaf]
        self.figures["join"] = self._median_of_others(0)

    def _reader(self) -> Any:
        return self.live[max(self.live)]

    def _update(self, name: str) -> None:
        commit = self.live[0].update().commit
        self.figures[f"commit_{name}"] = self.live[0].seconds
        self.figures[f"commit_{name}_bytes"] = len(commit)
        self._spread(0, commit)
        self.figures[f"process_{name}"] = self._median_of_others(0)

    def _median_of_others(self, leaf: int) -> float:
        """Return what the last operation took, in the middle, for all clients but this one."""
        return median(client.seconds for other, client in self.live.items() if other != leaf)

    def _spread(self, sender: int, commit: bytes) -> None:
        for leaf, client in self.live.items():
            if leaf != sender:
                client.process(commit)

    def _messages(self) -> None:
        sender, reader, count = self.live[0], self._reader(), self.messages
        if isinstance(sender, TsMls):
            encrypt, decrypt = sender.rounds(reader, count, PLAINTEXT_BYTES)
            self.figures["encrypt_rate"] = count / encrypt
            self.figures["decrypt_rate"] = count / decrypt
            return
        plaintext = bytes(PLAINTEXT_BYTES)
        sent: list[bytes] = []
        self.figures["encrypt_rate"] = _rate(count, lambda: sent.append(sender.send(plaintext)))
        queue = iter(sent)
        self.figures["decrypt_rate"] = _rate(count, lambda: reader.receive(next(queue), 0))
        for name, persist in (
            ("persisted_rate", self.engine.persist),
            ("forced_rate", self.engine.force),
        ):
            if persist is not None:
                self.figures[name] = self._persisted_rate(persist)

    def _persisted_rate(self, persist: Callable[[Any], None]) -> float:
        sender, reader, plaintext = self.live[0], self._reader(), bytes(PLAINTEXT_BYTES)
        # What the group's own life has changed is written before: messages alone are measured.
        persist(sender)
        persist(reader)

        def one_round() -> None:
            message = sender.send(plaintext)
            persist(sender)
            reader.receive(message, 0)
            persist(reader)

        return _rate(self.messages, one_round)


def _rate(count: int, work: Callable[[], object]) -> float:
    start = stopwatch.now()
    for _ in range(count):
        work()
    return count / (stopwatch.now() - start)
