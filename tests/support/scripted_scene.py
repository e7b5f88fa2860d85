"""A made-up newsroom for screenshots and interface tests: the same people and words every time."""

from __future__ import annotations

import hashlib

from enigm.app import views

# Friday 20 November 2026, 15:00 UTC: the browser's clock is set to the same minute.
NOW_SECONDS = 1_795_186_800
_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR

ME = "noor"
PEOPLE = ("mira.aalto", "tomas.k", "june.field", "farid", "ada.osei", "elif", "samir", "wren")
PHRASE = tuple(
    (
        "harbour velvet amber lantern orbit meadow copper violin glacier thunder pepper willow "
        "saddle ribbon canyon marble falcon ginger island quartz bamboo cradle dolphin summit"
    ).split()
)


def account_of(name: str) -> str:
    """Return a stable fingerprint for a made-up person."""
    return hashlib.sha256(name.encode()).hexdigest()


def ago(*, days: int = 0, hours: int = 0, minutes: int = 0) -> int:
    """Return a time before the scene's present, in Unix seconds."""
    return NOW_SECONDS - days * _DAY - hours * _HOUR - minutes * _MINUTE


# (who, text, Unix seconds, state); an empty name is a notice of the App itself.
Line = tuple[str, str, int, views.MessageState]

MIRA: list[Line] = [
    (
        "",
        "You and mira.aalto can talk now. Messages are end-to-end encrypted.",
        ago(days=2),
        "read",
    ),
    ("mira.aalto", "Found you! Thanks for sending the link over.", ago(days=1, hours=3), "read"),
    (ME, "Good to have you here. Did you get the scans out?", ago(days=1, hours=2), "read"),
    ("mira.aalto", "All forty pages.", ago(days=1, hours=2, minutes=-4), "read"),
    (
        "mira.aalto",
        "The annex is the interesting part: page 31 lists every supplier, with dates.",
        ago(days=1, hours=2, minutes=-5),
        "read",
    ),
    (ME, "Reading it tonight.", ago(days=1, hours=1), "read"),
    ("mira.aalto", "Morning ☕ did page 31 hold up?", ago(hours=3, minutes=12), "read"),
    (
        ME,
        "It did. Two of the dates don't match the register, which is the story.",
        ago(hours=3),
        "read",
    ),
    (ME, "I'd like a second pair of eyes before we call anyone.", ago(hours=3, minutes=-1), "read"),
    ("mira.aalto", "june.field is good with registers.", ago(hours=2, minutes=40), "read"),
    ("mira.aalto", "Want me to bring her in?", ago(hours=2, minutes=39), "read"),
    (ME, "Yes please. Let's make a small group for it.", ago(minutes=31), "delivered"),
    (ME, "And let's compare safety numbers when we meet at six.", ago(minutes=30), "delivered"),
]

NIGHT_DESK: list[Line] = [
    ("", "farid made the group “Night desk”.", ago(days=6), "read"),
    ("", "farid added you.", ago(days=6), "read"),
    (
        "farid",
        "Rota for the weekend is up. Shout if the Saturday shift doesn't work.",
        ago(days=1, hours=5),
        "read",
    ),
    ("ada.osei", "I can swap with whoever has Sunday", ago(days=1, hours=4), "read"),
    (ME, "Sunday's mine. Swap is fine by me.", ago(days=1, hours=4, minutes=-6), "read"),
    ("ada.osei", "🙏", ago(days=1, hours=4, minutes=-7), "read"),
    ("", "farid added samir.", ago(hours=5), "read"),
    (
        "samir",
        "Hello all, first week. Where do I find the style sheet?",
        ago(hours=4, minutes=50),
        "read",
    ),
    (
        "farid",
        "Pinned on the board by the lifts, analogue and all.",
        ago(hours=4, minutes=44),
        "read",
    ),
    ("ada.osei", "We had a digital one. It had opinions.", ago(hours=4, minutes=43), "read"),
    (
        "ada.osei",
        "Court ruling lands around five, I'll be there in person.",
        ago(minutes=16),
        "read",
    ),
    ("farid", "Good. Call the desk, don't wait for the PDF.", ago(minutes=12), "read"),
    ("samir", "I can take notes for the live page.", ago(minutes=9), "read"),
]

REGISTER: list[Line] = [
    ("", "You made the group “Register check”.", ago(minutes=25), "read"),
    (
        ME,
        "june, could you look at rows 14 to 20 against the public register?",
        ago(minutes=22),
        "read",
    ),
    ("june.field", "On it. Give me an hour.", ago(minutes=20), "read"),
    (ME, "Thank you.", ago(minutes=6), "sent"),
    (ME, "Row 17 first, if you can: it is the one they will ask about.", ago(minutes=5), "failed"),
]

TOMAS: list[Line] = [
    ("tomas.k", "Are you still on for the archive on Thursday?", ago(days=1, hours=6), "read"),
    (ME, "Yes, at ten. I'll bring the reader card.", ago(days=1, hours=6, minutes=-9), "read"),
]

ELIF: list[Line] = [
    (
        "elif",
        "The translation is done, 12 pages. It reads better in the original.",
        ago(days=3),
        "read",
    ),
]

WREN: list[Line] = [
    (
        ME,
        "Hi Wren, Mira gave me your name. Could we talk about the harbour contract?",
        ago(days=4),
        "sent",
    ),
]

CHOIR: list[Line] = [
    ("samir", "Rehearsal moved to Tuesday.", ago(days=9), "read"),
    ("", "You left the group.", ago(days=8), "read"),
]
