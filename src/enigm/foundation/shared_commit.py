"""Lets deeds of many threads share one commit of an embedded store: one forced write for all."""

from __future__ import annotations

from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from enigm.foundation.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    import sqlalchemy as sa

T = TypeVar("T")

# Beyond so many the forced write is no longer what costs, and the first would wait for the last.
DEEDS_MAX: Final = 64


class SharedCommit:
    """Whoever finds nobody at work leads: carries out what waits, commits, and wakes the others.

    Deeds that come meanwhile wait for the next commit, which the first of them leads. Nothing is
    answered before the commit that holds it has returned, and a lone caller waits for nobody.
    """

    def __init__(
        self,
        begin: Callable[[], AbstractContextManager[sa.Connection]],
        is_outage: Callable[[Exception], bool],
    ) -> None:
        """Take what opens a transaction that may write, and what tells a failing disk."""
        self._begin = begin
        self._is_outage = is_outage
        self._lock = Lock()
        self._waiting: list[_Share[Any]] = []
        self._leader: int | None = None

    def perform(self, deed: Callable[[sa.Connection], T]) -> T:
        """Do a deed and return what it returns, once that is durable; raise what it raises."""
        if self._leader == get_ident():
            msg = "a deed waits for a commit that waits for it"
            raise RuntimeError(msg)
        share = _Share(deed)
        with self._lock:
            self._waiting.append(share)
            is_leading = self._leader is None
            if is_leading:
                self._leader = get_ident()
        if not is_leading:
            share.wait()
        if not share.is_settled:
            self._lead()
        return share.outcome()

    def _lead(self) -> None:
        with self._lock:
            self._leader = get_ident()
            shares, self._waiting = self._waiting[:DEEDS_MAX], self._waiting[DEEDS_MAX:]
        try:
            self._carry_out(shares)
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                # Until the next leader wakes, the place is taken by nobody who could come first.
                self._leader = None if following is None else _NOBODY
            for share in (*shares, following):
                if share is not None:
                    share.wake()

    def _carry_out(self, shares: Sequence[_Share[Any]]) -> None:
        try:
            with self._begin() as connection:
                if len(shares) == 1:
                    shares[0].perform(connection)
                else:
                    for share in shares:
                        self._perform_apart(connection, share)
        except BaseException as error:
            for share in shares:
                share.fail(error if len(shares) == 1 else _undone(error))
            if not isinstance(error, Exception):
                raise
        finally:
            for share in shares:
                share.is_settled = True

    def _perform_apart(self, connection: sa.Connection, share: _Share[Any]) -> None:
        """Carry out a deed that is undone where it raises, and none of the others with it."""
        driver: Any = connection.connection.driver_connection
        driver.execute("SAVEPOINT deed")
        try:
            share.perform(connection)
        except Exception as error:
            if self._is_outage(error):
                raise
            # Where SQLite undid the whole transaction by itself, this raises, and so undoes all.
            driver.execute("ROLLBACK TO deed")
            share.fail(error)
        driver.execute("RELEASE deed")


class _Share(Generic[T]):
    """One caller's deed, and what came of it."""

    __slots__ = ("_deed", "_error", "_result", "_woken", "is_settled")

    def __init__(self, deed: Callable[[sa.Connection], T]) -> None:
        self._deed = deed
        self._result: list[T] = []
        self._error: BaseException | None = None
        self._woken = Lock()
        self._woken.acquire()
        self.is_settled = False

    def wait(self) -> None:
        """Wait until the deed is settled, or its caller is to lead."""
        self._woken.acquire()

    def wake(self) -> None:
        self._woken.release()

    def perform(self, connection: sa.Connection) -> None:
        self._result = [self._deed(connection)]

    def fail(self, error: BaseException) -> None:
        self._error = error

    def outcome(self) -> T:
        if self._error is not None:
            raise self._error
        return self._result[0]


# No thread has this number.
_NOBODY: Final = -1


def _undone(error: BaseException) -> UnavailableError:
    """Return an exception of a caller's own: several threads must not raise the same one."""
    undone = UnavailableError("storage.unavailable", "The service cannot reach its storage now.")
    undone.__cause__ = error
    return undone
