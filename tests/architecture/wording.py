"""What Enigm must not say of itself, and what it must say where people choose (PAY-12, PRV-06)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.architecture.tree import Tree

# The rules name what they forbid, so their own files and their proofs are not read by them.
_OWN = "tests/architecture/"
# Texts by others that are kept to the letter.
_FOREIGN = ("LICENSE", "tests/vectors/official/")


def _says(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


# What nobody can promise, by the kind of promise.
FORBIDDEN = {
    "nobody can be found": _says(
        r"anonym(?:ous|ously|ity)|untrace?able|untraceability|undetectable|"
        r"you leave no trace|erases? your identity|invisible to everyone"
    ),
    "nothing can break it": _says(
        r"unbreakable|unhackable|bullet-?proof|military[- ]grade|bank[- ]grade|uncrackable|"
        r"(?:100 ?%|completely|totally|absolutely|perfectly) (?:secure|private|safe)|"
        r"immune to (?:surveillance|seizure|attack)"
    ),
    "traffic tells nothing": _says(
        r"(?:defeats?|prevents?|stops?|resists? all) traffic analysis|no metadata|"
        r"traffic analysis (?:is|becomes) impossible"
    ),
    "cards are like codes": _says(
        r"cards? (?:is|are|pays?) (?:just )?(?:as )?private(?:ly)?|private card payments?|"
        r"cards? (?:is|are) as private as"
    ),
    "public ledgers are private": _says(
        r"(?:bitcoin|monero|crypto(?:currency)?) (?:is|are|payments? (?:is|are)) (?:fully )?private"
    ),
    "it was judged by others": _says(
        r"independently audited|fully audited|certified secure|audited cryptography"
    ),
    "it is a carrier": _says(
        r"(?:Enigm|we) (?:is|are) (?:an? |your )?(?:mobile )?(?:operator|carrier|MNO)"
    ),
}
# A sentence that denies a claim does not make it.
_DENIALS = re.compile(
    r"\b(?:never|not|no|nor|without|neither|nobody|nothing|forbids?|refuses?|avoid)\b",
    re.IGNORECASE,
)


def honest_wording(tree: Tree) -> list[str]:
    """No claim that nobody can keep stands anywhere that a person could read it."""
    return [
        f"{path}:{number}: {found.group(0)!r} claims that {promise}"
        for path, text in tree.texts()
        if not path.startswith((_OWN, *_FOREIGN)) and not path.endswith((".lock", ".json"))
        for number, line in enumerate(text.splitlines(), 1)
        for promise, pattern in FORBIDDEN.items()
        for found in [pattern.search(line)]
        if found and not _DENIALS.search(line[: found.start()] + line[found.end() :])
    ]
