"""The journal of what is sent: what a process that is gone had written tells what had gone out, and what had not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.digest.journal import Journal, left_behind

OWNER = "boot/ns|123|456|cafe0001"


def gone(owner: str) -> bool:
    return True


def test_what_happened_to_each_message_is_read_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "sending", OWNER)
    for delivery in (1, 2, 3, 4):
        journal.begin(delivery)
    journal.accepted(1, code=250, says="2.0.0 Ok: queued as 4Cq")
    journal.not_accepted(2)
    journal.not_accepted(3)
    journal.begin(3)
    [found] = left_behind(tmp_path / "sending", gone)
    assert found.owner == OWNER
    assert found.accepted == {1: (250, "2.0.0 Ok: queued as 4Cq")}
    assert found.begun == {3, 4}
    found.remove()
    assert list(left_behind(tmp_path / "sending", gone)) == []


def test_a_journal_that_was_closed_and_one_of_a_living_process_are_passed_over(tmp_path: Path) -> None:
    Journal(tmp_path, OWNER).close()
    Journal(tmp_path, OWNER.replace("cafe0001", "cafe0002"))
    assert list(left_behind(tmp_path, lambda owner: False)) == []
    assert [one.owner[-4:] for one in left_behind(tmp_path, gone)] == ["0002"]
    assert list(left_behind(tmp_path / "nowhere", gone)) == []


@pytest.mark.parametrize(
    "broken", ["", "no owner", f"{OWNER}\nbegun x\naccepted 1\naccepted 2 ok\nwhat 3\nbegun 4\nbeg"]
)
def test_a_journal_cut_short_or_garbled_says_no_more_than_it_holds(tmp_path: Path, broken: str) -> None:
    (tmp_path / "x.journal").write_text(broken, encoding="utf-8")
    [found] = left_behind(tmp_path, gone)
    assert found.accepted == {}
    assert found.begun == ({4} if "begun 4" in broken else set())


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.sampled_from(["begin", "accepted", "not accepted"])), max_size=30
    )
)
def test_the_last_word_about_a_delivery_counts(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder, OWNER)
    last: dict[int, str] = {}
    for delivery, event in events:
        last[delivery] = event
        match event:
            case "begin":
                journal.begin(delivery)
            case "accepted":
                journal.accepted(delivery, code=250, says="ok\u2028 \udc80")
            case _:
                journal.not_accepted(delivery)
    [found] = left_behind(folder, gone)
    assert found.begun == {delivery for delivery, event in last.items() if event == "begin"}
    assert set(found.accepted) >= {delivery for delivery, event in last.items() if event == "accepted"}
    assert not found.begun & set(found.accepted)
