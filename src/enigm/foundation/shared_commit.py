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
            for share in shares:
                share.is_settled = True
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                # Until the next leader wakes, the place is taken by nobody who could come first.
                self._leader = None if following is None else _NOBODY
            for share in (*shares, following):
                if share is not None:
                    share.wake()

    def _carry_out(self, shares: Sequence[_Share[Any]]) -> None:
        if len(shares) > 1:
            try:
                return self._carry_out_together(shares)
            except _UndoneError:
                # Rare: most refusals come before anything is written. No savepoint guards each
                # deed against it: SQLCipher would lock and wipe a copy of every page for it.
                for share in shares:
                    share.fail(_unavailable(None))
        for share in shares:
            self._carry_out_alone(share)
        return None

    def _carry_out_together(self, shares: Sequence[_Share[Any]]) -> None:
        try:
            with self._begin() as connection:
                for share in shares:
                    self._perform(connection, share)
        except _UndoneError:
            raise
        except BaseException as error:
            for share in shares:
                share.fail(_unavailable(error))
            if not isinstance(error, Exception):
                raise

    def _perform(self, connection: sa.Connection, share: _Share[Any]) -> None:
        """Carry out a deed among others; where it fails with nothing written, they go on."""
        driver: Any = connection.connection.driver_connection
        written = driver.total_changes
        try:
            share.perform(connection)
        except Exception as error:
            if self._is_outage(error):
                raise
            if driver.total_changes != written:
                raise _UndoneError from error
            share.fail(error)
        # SQLite ends a transaction by itself where it cannot go on.
        if not driver.in_transaction:
            raise _UndoneError

    def _carry_out_alone(self, share: _Share[Any]) -> None:
        try:
            with self._begin() as connection:
                share.perform(connection)
        except BaseException as error:
            share.fail(error)
            if not isinstance(error, Exception):
                raise


class _UndoneError(Exception):
    """A deed failed after it had written: all are undone, and done again one by one."""


class _Share(Generic[T]):
    """One caller's deed, and what came of it."""

    __slots__ = ("_deed", "_error", "_result", "_woken", "is_settled")

    def __init__(self, deed: Callable[[sa.Connection], T]) -> None:
        self._deed = deed
        self._result: list[T] = []
        # Whoever is not reached, because the leader was stopped, was not served.
        self._error: BaseException | None = _unavailable(None)
        self._woken = Lock()
        self._woken.acquire()
        self.is_settled = False

    def wait(self) -> None:
        """Wait until the deed is settled, or its caller is to lead."""
        self._woken.acquire()

    def wake(self) -> None:
        self._woken.release()

    def perform(self, connection: sa.Connection) -> None:
        self._error = None
        self._result = [self._deed(connection)]

    def fail(self, error: BaseException) -> None:
        self._error = error

    def outcome(self) -> T:
        if self._error is not None:
            raise self._error
        return self._result[0]


# No thread has this number.
_NOBODY: Final = -1


def _unavailable(error: BaseException | None) -> UnavailableError:
    """Return an exception of a caller's own: several threads must not raise the same one."""
    own = UnavailableError("storage.unavailable", "The service cannot reach its storage now.")
    own.__cause__ = error
    return own
