"""Codes in mails: ours, for one purpose, and the secret behind them."""

import stat
import threading
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.market.signing import SECRET_BYTES, LinkSigner, kept_secret

SIGNER = LinkSigner(b"s" * SECRET_BYTES)


@given(st.uuids(), st.text())
def test_a_code_gives_its_id_back_for_its_purpose_only(id_: UUID, purpose: str) -> None:
    code = SIGNER.sign(purpose, id_)

    assert len(code) == 64
    assert code.isascii()
    assert SIGNER.check(purpose, code) == id_
    assert SIGNER.check(purpose + "x", code) is None
    assert LinkSigner(b"t" * SECRET_BYTES).check(purpose, code) is None


@given(st.text())
def test_no_text_is_a_code_by_chance(text: str) -> None:
    assert SIGNER.check("sign-in", text) is None


@given(st.integers(0, 63), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=é \n"))
def test_no_other_character_will_do(place: int, character: str) -> None:
    code = SIGNER.sign("sign-in", UUID(int=7))
    changed = code[:place] + character + code[place + 1 :]

    assert (SIGNER.check("sign-in", changed) is not None) is (changed == code)


def test_a_short_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        LinkSigner(b"s" * 31)


def test_the_secret_is_made_once_and_readable_by_us_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"
    found: list[bytes] = []
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait()
        found.append(kept_secret(path))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(found[0]) == SECRET_BYTES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    code = LinkSigner(found[0]).sign("sign-in", id_ := uuid4())
    assert LinkSigner(kept_secret(path)).check("sign-in", code) == id_
