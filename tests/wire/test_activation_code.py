"""Activation codes come back from their text exactly, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enigm.wire.activation_code import ActivationCode, ActivationCodeError

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
codes = st.builds(
    ActivationCode,
    address=st.lists(labels, min_size=1, max_size=4).map(".".join),
    matching_id=st.from_regex(r"[A-Z0-9-]{0,40}", fullmatch=True),
    object_id=st.sampled_from(["", "2.999.10", "1.3.6.1.4.1.31746"]),
    needs_confirmation=st.booleans(),
)


@pytest.mark.requirement("SIM-03")
@given(codes)
def test_a_code_comes_back_from_its_text(code: ActivationCode) -> None:
    assert ActivationCode.parse(code.text) == code


@pytest.mark.requirement("SIM-03")
@pytest.mark.parametrize(
    ("code", "text"),
    [
        (ActivationCode("rsp.example", "ABC-1"), "LPA:1$rsp.example$ABC-1"),
        (ActivationCode("rsp.example", ""), "LPA:1$rsp.example$"),
        (ActivationCode("rsp.example", "ABC", "2.999.10"), "LPA:1$rsp.example$ABC$2.999.10"),
        # An empty object id before the flag leaves two signs: some readers broke there.
        (
            ActivationCode("rsp.example", "ABC", needs_confirmation=True),
            "LPA:1$rsp.example$ABC$$1",
        ),
        (
            ActivationCode("rsp.example", "ABC", "2.999.10", needs_confirmation=True),
            "LPA:1$rsp.example$ABC$2.999.10$1",
        ),
    ],
)
def test_codes_are_written_as_the_standard_has_them(code: ActivationCode, text: str) -> None:
    assert code.text == text
    assert ActivationCode.parse(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1$rsp.example$ABC",
        "LPA:2$rsp.example$ABC",
        "LPA:1$rsp.example",
        "LPA:1$$ABC",
        "LPA:1$rsp example$ABC",
        "LPA:1$rsp.example$AB C",
        "LPA:1$rsp.example$ABC$nonsense",
        "LPA:1$rsp.example$ABC$$2",
        "LPA:1$rsp.example$ABC$",
        "LPA:1$rsp.example$ABC$$1$more",
        "LPA:1$rsp.example$" + "A" * 256,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ActivationCodeError) as refusal:
        ActivationCode.parse(text)
    assert text == "" or text not in str(refusal.value), "the text is a secret"


def test_the_picture_is_svg_and_a_code_shows_itself_nowhere_else() -> None:
    code = ActivationCode("rsp.example", "SECRET")
    assert code.picture.startswith("<svg")
    assert "SECRET" not in repr(code)
