"""How a tree log says no: text that is no note, and proofs that do not hold."""

from __future__ import annotations

from enigm.foundation.errors import InvalidError, UnverifiableError


class MalformedNoteError(InvalidError):
    """Bytes that are no signed note, checkpoint, key or tile."""

    def __init__(self, detail: str) -> None:
        """Say which part is not well-formed."""
        super().__init__("tree_log.format", detail)


class NoteUnsignedError(UnverifiableError):
    """A note that no trusted key signed, or whose signature by a trusted key fails."""

    def __init__(self, detail: str = "No trusted key signed this note.") -> None:
        """Say whether a signature was absent or wrong."""
        super().__init__("tree_log.signature", detail)


class ProofFailedError(UnverifiableError):
    """An entry is not in the tree, or one tree does not continue another."""

    def __init__(self, detail: str, code: str = "tree_log.proof") -> None:
        """Say which of the two was claimed."""
        super().__init__(code, detail)


class EntryEditedError(ProofFailedError):
    """An entry is not the one that was logged in its place."""

    def __init__(self, number: int) -> None:
        """Name the entry."""
        super().__init__(f"Entry {number} was edited.", "tree_log.entry_edited")


class EntriesMovedError(ProofFailedError):
    """Entries that were logged stand in another order."""

    def __init__(self, number: int) -> None:
        """Name the first entry that is out of its place."""
        super().__init__(f"Entries were moved, from {number} on.", "tree_log.entries_moved")


class EntriesMissingError(ProofFailedError):
    """Entries were dropped or added, or a file that holds them is not there."""

    def __init__(self, detail: str) -> None:
        """Say where."""
        super().__init__(detail, "tree_log.entries_missing")


class LogRewrittenError(ProofFailedError):
    """Entries and tiles fit each other, and not what was signed."""

    def __init__(self) -> None:
        """Say what that means."""
        super().__init__(
            "The log was rewritten: its entries are not those that the checkpoint vouches for.",
            "tree_log.rewritten",
        )


class LogForkedError(ProofFailedError):
    """Two signed checkpoints of one log do not continue each other."""

    def __init__(self) -> None:
        """Say what the two checkpoints prove."""
        super().__init__(
            "The log was forked: it signed two pasts. Keep both checkpoints, they prove it.",
            "tree_log.forked",
        )


class LogRolledBackError(ProofFailedError):
    """A log is shorter than a checkpoint of it that was kept."""

    def __init__(self) -> None:
        """Say it."""
        super().__init__(
            "The log was rolled back: it is shorter than it was.", "tree_log.rolled_back"
        )
