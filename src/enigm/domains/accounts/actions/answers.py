"""Bounds OPAQUE's answers to registrations: each would let somebody test a guess at home.

An answer is the name's, or the PIN's, own oblivious function at a point that the asker chose (RFC
9807 §6.3.2), and so is the first message of a sign-in. A fresh function for each registration would
end that, and would show from outside when a password was changed and, of two PINs, which one: under
duress nothing may. So answers are counted, where neither a restart nor another process forgets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.accounts import rules
from enigm.domains.accounts.errors import AnswersSpentError
from enigm.domains.accounts.model import Attempts

if TYPE_CHECKING:
    from enigm.domains.accounts.model import AccountId
    from enigm.domains.accounts.store import AccountRecords
    from enigm.foundation.clock import Clock
    from enigm.foundation.limits import Limit


class Answers:
    """Counts the answers of one kind in the store. Safe to share between threads."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        """Keep how many there are at once, and over how long they come back."""
        self._limit = limit
        self._clock = clock

    def take(
        self, records: AccountRecords, answers_ref: bytes, account_id: AccountId | None
    ) -> None:
        """Count one more in the caller's transaction; raises AnswersSpentError."""
        counted = records.answers(answers_ref, account_id)
        now, limit = self._clock.now_seconds(), self._limit
        more = rules.one_answer_more(counted, now, limit.amount, limit.per_seconds)
        if not isinstance(more, Attempts):
            raise AnswersSpentError(limit.name, more)
        records.set_answers(answers_ref, more)
