"""What is taken out of texts before they are compared, and what must stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.domain.guardian.masks import READ, mask_action, mask_result

SAME = {
    "colours": ("\x1b[31merror\x1b[0m in a.py", "error in a.py"),
    "a terminal's title": ("\x1b]0;make\x07done", "done"),
    "times": ("2026-11-29T10:00:00.123Z start", "2026-11-30 23:59:59+01:00 start"),
    "a log's times": ("10:00:00.1 start", "23:59:59,999 start"),
    "dates in words": ("Sun Nov 29 21:14:02 UTC 2026 ok", "Mon Nov 30 01:02:03 UTC 2026 ok"),
    "seconds since 1970": ("at 1795217008.415", "at 1795219999.001"),
    "durations": ("12 passed in 0.31s", "12 passed in 14.02s"),
    "durations in words": ("took 3 minutes", "took 12 minutes"),
    "addresses": ("<Line at 0x7f0011223344>", "<Line at 0x55d0aabbccdd>"),
    "ports": ("refused by 127.0.0.1:43211", "refused by 127.0.0.1:51999"),
    "process ids": ("killed pid 4711", "killed pid 99"),
    "process ids of a log": ("sshd[4711]: closed", "sshd[12]: closed"),
    "temporary paths": ("wrote /tmp/tmpab12cd/x.log", "wrote /tmp/tmpzz99yy/x.log"),
    "commits": ("HEAD is 1f0c9a7d3e", "HEAD is 99ab00cd1f"),
    "names of objects": ("id 123e4567-e89b-12d3-a456-426614174000", "id 99999999-aaaa-bbbb-cccc-abcdefabcdef"),
    "blanks": ("a   b\t c", "a b c"),
    "lines without content": ("a\n\n \n b", "a\nb"),
}
DIFFERENT = {
    "numbers": ("3 failed, 37 passed", "2 failed, 38 passed"),
    "percent": ("compiling 12 %", "compiling 13 %"),
    "lines of a file": ("a.py:12: error", "a.py:13: error"),
    "names": ("test_total failed", "test_line failed"),
    "dates alone": ("log-2026-11-28.txt", "log-2026-11-29.txt"),
    "words that could be hexadecimal": ("a facade", "a decade"),
}


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME.keys())
def test_what_differs_by_itself_is_taken_out_of_a_result(first: str, second: str) -> None:
    assert mask_result(first) == mask_result(second)


@pytest.mark.parametrize(("first", "second"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_what_a_program_found_stays_in_a_result(first: str, second: str) -> None:
    assert mask_result(first) != mask_result(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("kill 4711", "kill 4712"),
        ("git show 1f0c9a7d3e", "git show 99ab00cd1f"),
        ("sed -n 1s/a/b/ x", "sed -n 2s/a/b/ x"),
        ("cat /tmp/first.txt", "cat /tmp/second.txt"),
        ("sleep 5", "sleep 10"),
    ],
)
def test_what_an_agent_chose_stays_in_an_action(first: str, second: str) -> None:
    assert mask_action(first) != mask_action(second)


def test_a_name_that_was_made_at_random_is_taken_out_of_an_action() -> None:
    assert mask_action("cat /tmp/tmp.Ab12Cd/out") == mask_action("cat  /tmp/tmp.Zz99Yy/out")


def test_of_a_long_result_both_ends_count_and_the_words_between() -> None:
    long = "\n".join(f"line {number}" for number in range(20_000))
    assert len(mask_result(long)) < 3 * READ
    assert mask_result(long) != mask_result(long.replace("line 0\n", "line zero\n"))
    assert mask_result(long) != mask_result(long.replace("line 19999", "the end"))
    assert mask_result(long) != mask_result(long.replace("line 10000\n", "line 10000\nline more\n"))
    assert mask_result(long) == mask_result(long.replace("line 10000\n", "line 7  10000af\n"))


PIECES = st.sampled_from(
    ("\x1b[1m", "\x1b]0;t\x07", "2026-11-29T10:00:00Z", "10:00:00", "1795217008", "3.5 s", "12ms", "0xdeadbeef12",
     "pid 7", "[123]", "/tmp/a/b", "/tmp/tmpabcdef", "deadbeef12", "<hex>", "<time>", " ", "\n", "\t", "m", "1", "a",
     "-", ":", ".", "127.0.0.1:8080", "localhost:99", "Sun Nov 29 10:00:00 2026", "<pid>", "<duration>", "[", "]", "h")
)  # fmt: skip


@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=30).map("".join)))
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask_result(mask_result(text)) == mask_result(text)
    assert mask_action(mask_action(text)) == mask_action(text)
