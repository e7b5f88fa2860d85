"""A card processor and an SM-DP+ for the demo: test parts, run as a process beside it.

``python -m tests.house.demo_counterparties FOLDER`` says in one line of JSON where they are, then
answers one line for each line it is asked, and ends when nobody asks any more.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.support.acquirer import KEY, RunningAcquirer
from tests.support.private_authority import PrivateAuthority
from tests.support.smdp import SmDp

PROFILES = {"data": 6}


def main(folder: Path) -> None:
    """Serve until standard input ends."""
    authority = PrivateAuthority(folder, "provider")
    shop = authority.certify("shop")
    smdp = SmDp(authority, authority.certify("smdp"), PROFILES)
    key_file = folder / "card-key"
    key_file.touch(mode=0o600)
    key_file.write_text(KEY)
    with RunningAcquirer() as acquirer:
        places = {
            "card_url": acquirer.url,
            "card_key_file": str(key_file),
            "smdp_url": smdp.url,
            "authority": str(authority.file),
            "certificate": str(shop.certificate),
            "key": str(shop.key),
        }
        tell(places)
        try:
            for line in sys.stdin:
                tell(answer(json.loads(line), smdp, acquirer.forms))
        finally:
            smdp.close()


def answer(asked: dict[str, str], smdp: SmDp, forms: list[dict[str, str]]) -> Any:
    """Do as a phone, or say what was heard."""
    match asked["ask"]:
        case "fetch":
            return smdp.fetch(asked["matching_id"])
        case "profiles":
            return [profile.state for profile in smdp.profiles.values() if profile.matching_id]
        case "heard by provider":
            return [{**heard.header, **heard.body} for heard in smdp.heard]
        case "heard by processor":
            return forms
        case _:
            raise ValueError(asked)


def tell(what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
