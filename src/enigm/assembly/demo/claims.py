"""What the demo claims, what was observed, and the table at its end."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence that should hold, and what was seen."""

    sentence: str
    observed: str
    holds: bool


# Where no terminal says how wide it is.
_WIDTH_WITHOUT_TERMINAL = 110


def _console() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL)


@dataclass
class Ledger:
    """Gathers the claims while the story goes on, and tells it."""

    console: Console = field(default_factory=_console)
    claims: list[Claim] = field(default_factory=list[Claim])
    _going: Progress | None = None

    def act(self, title: str) -> None:
        """Begin the next part of the story; a terminal shows that it goes on, and how long."""
        self.rest()
        self.console.print(f"\n[bold]{title}[/bold]")
        if self.console.is_terminal:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            self._going = Progress(*columns, console=self.console, transient=True)
            self._going.add_task("  working")
            self._going.start()

    def rest(self) -> None:
        """Show no longer that something goes on."""
        if self._going is not None:
            self._going.stop()
            self._going = None

    def tell(self, sentence: str) -> None:
        """Say what happened."""
        self.console.print(f"  {sentence}", markup=False)

    def claim(self, sentence: str, *, observed: str, holds: bool) -> None:
        """Enter a claim; one that does not hold is told at once."""
        self.claims.append(Claim(sentence, observed, holds))
        if not holds:
            self.console.print(f"  [bold red]does not hold:[/bold red] {sentence}: {observed}")

    @property
    def all_hold(self) -> bool:
        """Tell whether there were claims and every one of them held."""
        return bool(self.claims) and all(claim.holds for claim in self.claims)

    def close(self) -> None:
        """Print the table."""
        self.rest()
        table = Table(title="Claims, and what was observed", title_justify="left", show_lines=False)
        table.add_column("", no_wrap=True)
        table.add_column("claim", overflow="fold", ratio=3)
        table.add_column("observed", overflow="fold", ratio=3)
        for claim in self.claims:
            mark = "[green]holds[/green]" if claim.holds else "[bold red]FAILS[/bold red]"
            table.add_row(mark, claim.sentence, claim.observed)
        self.console.print()
        self.console.print(table)
