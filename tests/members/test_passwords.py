"""Which passwords are good, and how they are kept."""

import pytest

from onebooking.errors import InvalidPayload
from onebooking.members.passwords import check_new, hash_password, verify

pytestmark = pytest.mark.anyio
MINA = ("mina.srisuk@hanumanworld.com", "Mina Srisuk")
GOOD = (
    "seven quiet gibbons swing", "correct horse battery staple", "Tr0ub4dor&3xyz", "ลิงเจ็ดตัวบนต้นไม้",
    "vW9!kqz7Lm2#", "            x y z q w e", "aebfcgdhiejf", "x" * 3 + "qpwoeiruty" * 19,
)  # fmt: skip
BAD = (
    "", "short", "elevenchars", "x" * 201, "aaaaaaaaaaaaaaaa", "abababababababab", "password1234",
    "Password!2026", "qwertyuiop12", "123456789012", "1234567890123456", "minasrisuk123",
    "Hanumanworld1", "mina.srisuk@hanumanworld.com", "srisuksrisuk", "onebooking2026",
    "P@ssw0rd1234", "letmein letmein", "thailand phuket",
)  # fmt: skip


def test_length_decides_and_not_what_a_password_is_made_of() -> None:
    for password in GOOD:
        check_new(password, about=MINA)


def test_what_is_guessed_first_is_refused_with_what_to_do() -> None:
    for password in BAD:
        with pytest.raises(InvalidPayload) as refused:
            check_new(password, about=MINA)
        assert refused.value.details[0].field == "password", password
        assert password not in refused.value.message or not password


async def test_one_spelling_for_what_looks_the_same() -> None:
    kept = await hash_password("caf\u00e9 gibbons swing")
    assert (await verify(kept, "cafe\u0301 gibbons swing")).right
    assert not (await verify(kept, "cafe gibbons swing")).right


async def test_two_hashes_of_one_password_differ_and_nothing_else_opens() -> None:
    kept, again = await hash_password(GOOD[0]), await hash_password(GOOD[0])
    assert kept != again
    assert await verify(kept, GOOD[0]) == await verify(again, GOOD[0])
    for wrong in ("", GOOD[1], GOOD[0] + " ", GOOD[0].upper(), "x" * 1_000_000):
        assert not (await verify(kept, wrong)).right
    for nothing in (None, "", "rubbish", "$argon2id$v=19$"):
        for password in ("", GOOD[0]):
            assert not (await verify(nothing, password)).right
