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


# What a person reads where they choose a way to pay, an eSIM, or Enigm itself. Words count, not
# where lines break. A place that moves takes its sentence along, and its line here.
COMMAND = "src/enigm/faces/command/"
REQUIRED: dict[str, tuple[str, ...]] = {
    "README.md": ("unaudited", "card is never as private as a code", "public ledger"),
    "SECURITY.md": ("our own and unaudited", "A public ledger is public", "a card tells"),
    "docs/known-limits.md": ("The MLS engine is unaudited", "Bitcoin's ledger is public"),
    "docs/payments.md": ("Bitcoin's ledger is public", "it does not hide from the payer's own"),
    "docs/esim.md": ("A carrier, and whoever it must answer, sees",),
    f"{COMMAND}wording.py": (
        "Never as private as a code",
        "asks for an e-mail address on its own page",
        "Its ledger is public for good",
        "Your wallet knows that you paid",
        "We cannot tell which sale it came from",
        "We see what it pays for, and when",
    ),
    f"{COMMAND}templates/home.html": ("a card's processor asks for more than we do",),
    f"{COMMAND}templates/products.html": ("{{ name | truth }}",),
    f"{COMMAND}templates/buy.html": ("{{ name | truth }}",),
    f"{COMMAND}templates/order_live.html": ("{{ order.method | truth }}",),
    f"{COMMAND}templates/what_we_keep.html": (
        "never as private as a code",
        "asks the payer for an e-mail address",
        "stand in a public ledger",
        "What a code hides",
    ),
    f"{COMMAND}templates/codes.html": ("What a code does not hide",),
    f"{COMMAND}templates/esims.html": ("{{ notice.text }}", "is no mobile operator"),
    f"{COMMAND}templates/esim.html": ("is no mobile operator", "The carrier sees"),
    "src/enigm/domains/esim/model.py": ("Enigm is not a mobile operator",),
}
# A long text in Python is written in pieces.
_BETWEEN_PIECES = re.compile(r"[\"']\s*\n\s*[\"']")


def _as_read(text: str) -> str:
    return " ".join(_BETWEEN_PIECES.sub("", text).split()).lower()


def honest_sentences(tree: Tree) -> list[str]:
    """The sentence that a person should read before choosing stands where they choose."""
    texts = {path: _as_read(text) for path, text in tree.texts() if path in REQUIRED}
    return [
        f"{path}: does not say {sentence!r}"
        for path, sentences in REQUIRED.items()
        for sentence in sentences
        if _as_read(sentence) not in texts.get(path, "")
    ]


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


WORDING_CHECKS = (honest_wording, honest_sentences)
