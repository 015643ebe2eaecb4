"""What is said of channels after each decision: what clients lean on holds whatever a publisher does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vademecum.errors import UsageError
from vademecum.trust.channel import Line, ReleasePointer
from vademecum_builder.release.channels import (
    Channels,
    check_channel,
    named,
    newest_of,
    newest_release,
    promote,
    roll_out,
    shown_channel,
    with_release,
    yank,
    yanked_of,
)
from vademecum_builder.release.share import parse_share, share_text


def release(sequence: int) -> ReleasePointer:
    return ReleasePointer(sequence, f"releases/{sequence}.json", f"{sequence:064x}", 7, f"v{sequence}")


def lines(**channels: tuple[int, int | None]) -> Channels:
    """Channels by their current release and their candidate."""
    return {
        name: Line(release(current), None if candidate is None else release(candidate), 0)
        for name, (current, candidate) in channels.items()
    }


def test_a_candidate_is_beside_the_current_release_and_a_new_current_one_takes_its_place() -> None:
    one = with_release({}, "stable", release(1), 2500)
    assert one == {"stable": Line(release(1))}, "the first of a channel is for everybody"
    two = with_release(one, "stable", release(2), 2500)
    assert two == {"stable": Line(release(1), release(2), 2500)}
    assert with_release(two, "stable", release(3)) == {"stable": Line(release(3))}
    assert with_release(two, "stable", release(3), 0) == {"stable": Line(release(1), release(3), 0)}


def test_other_channels_stay_as_they_are() -> None:
    before = lines(stable=(3, None), beta=(4, 5))
    after = with_release(before, "stable", release(6), 100)
    assert after["beta"] == before["beta"]
    assert newest_of(after) == 6
    assert sorted(named(after)) == [3, 4, 5, 6]


def test_a_candidate_is_promoted_and_so_is_a_release_of_another_channel() -> None:
    before = lines(stable=(3, 4), beta=(6, None))
    assert promote(before, "stable", release(4))["stable"] == Line(release(4))
    assert promote(before, "stable", release(6))["stable"] == Line(release(6))
    assert promote(before, "stable", release(6))["beta"] == before["beta"]


def test_a_newer_candidate_stays_where_an_older_release_is_promoted() -> None:
    before = {"stable": Line(release(3), release(6), 2500), "beta": Line(release(5))}
    assert promote(before, "stable", release(5))["stable"] == Line(release(5), release(6), 2500)


def test_what_is_current_already_is_promoted_without_a_change() -> None:
    before = lines(stable=(3, 4))
    assert promote(before, "stable", release(3)) == before


def test_an_older_release_is_not_promoted() -> None:
    with pytest.raises(UsageError, match=r"older than 3.*`vade rollback --to 2`"):
        promote(lines(stable=(3, None)), "stable", release(2))


def test_a_release_that_was_taken_back_is_neither_promoted_nor_rolled_out() -> None:
    channels = yank(lines(stable=(3, 4)), [4], 4)
    with pytest.raises(UsageError, match=r"release 4 was taken back .yanked.: it cannot be promoted"):
        promote(channels, "stable", release(4))
    with pytest.raises(UsageError, match=r"release 4 was taken back .yanked.: it cannot be rolled out"):
        roll_out(channels, "stable", release(4), 100)


def test_a_channel_that_is_not_there_is_named() -> None:
    channels = lines(stable=(3, 4))
    with pytest.raises(UsageError, match=r"there is no channel stabel, only stable"):
        promote(channels, "stabel", release(4))
    with pytest.raises(UsageError, match=r"there is no channel beta, only stable"):
        roll_out(channels, "beta", release(4), 1)


def test_a_rollout_is_of_what_is_newer_than_the_current_release() -> None:
    channels = lines(stable=(3, 4), beta=(5, None))
    assert roll_out(channels, "stable", release(4), 50)["stable"] == Line(release(3), release(4), 50)
    assert roll_out(channels, "stable", release(5), 50)["stable"] == Line(release(3), release(5), 50)
    with pytest.raises(UsageError, match="release 3 is the current one of stable"):
        roll_out(channels, "stable", release(3), 50)
    with pytest.raises(UsageError, match="release 2 is older than 3, the current one of stable"):
        roll_out(channels, "stable", release(2), 50)


def test_a_newer_candidate_is_taken_back_before_an_older_one_is_rolled_out() -> None:
    channels = lines(stable=(3, 5), beta=(4, None))
    with pytest.raises(UsageError, match="vade yank 5"):
        roll_out(channels, "stable", release(4), 50)
    taken_back = yank(channels, [5], 5)
    after = roll_out(taken_back, "stable", release(4), 50)["stable"]
    assert (after.candidate, after.newest) == (release(4), 5), "who has 5 is known of"


def test_taking_back_is_for_all_channels_and_for_good() -> None:
    channels = yank(lines(stable=(3, None), beta=(4, None)), [2], 4)
    assert [line.yanked for line in channels.values()] == [(2,), (2,)]
    assert with_release(channels, "next", release(5))["next"].yanked == (2,)
    assert yanked_of(with_release(channels, "stable", release(5))) == (2,)
    with pytest.raises(UsageError, match="release 5 cannot be yanked: there is no such release; the last one is 4"):
        yank(channels, [5], 4)


def test_the_newest_release_of_a_channel_is_built_on_and_of_all_where_there_is_no_such_channel() -> None:
    channels = lines(stable=(3, 5), beta=(4, None))
    assert [newest_release(channels, name).sequence for name in ("stable", "beta", "next")] == [5, 4, 5]


def test_pages_are_about_stable_or_else_the_first_channel() -> None:
    assert shown_channel(lines(beta=(1, None), stable=(2, None))) == "stable"
    assert shown_channel(lines(next=(1, None), beta=(2, None))) == "beta"


@pytest.mark.parametrize("name", ["", "-x", "Stable", "a b", "a" * 41, "../x", "é"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(UsageError, match="is not a name for a channel"):
        check_channel(name)


@pytest.mark.parametrize(
    ("text", "rollout"),
    [("0%", 0), ("0", 0), ("25", 2500), ("25%", 2500), ("25 %", 2500), ("0.5%", 50), ("0.05", 5), ("100%", 10_000)],
)
def test_a_percentage(text: str, rollout: int) -> None:
    assert parse_share(text) == rollout
    assert parse_share(share_text(rollout)) == rollout


@pytest.mark.parametrize(
    "text", ["", "abc", "101%", "100.01", "-1", "+1", "1e2", "0.005", ".5", "5.", "25%%", "٢٥", "1000", "25\n"]
)
def test_a_percentage_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="is not a percentage"):
        parse_share(text)


@given(st.data())
def test_no_channel_ever_goes_back(data: st.DataObject) -> None:
    """Whatever is decided, in any order: who follows a channel is never asked for less than was seen."""
    channels: Channels = with_release({}, "stable", release(1))
    last = 1
    for _ in range(12):
        channel = data.draw(st.sampled_from(("stable", "beta")))
        some = release(data.draw(st.integers(1, last)))
        share = data.draw(st.integers(0, 10_000))
        before = channels
        match data.draw(st.sampled_from(("build", "candidate", "promote", "rollout", "yank"))):
            case "build" | "candidate" as kind:
                last += 1
                channels = with_release(channels, channel, release(last), share if kind == "candidate" else None)
            case kind:
                try:
                    match kind:
                        case "promote":
                            channels = promote(channels, channel, some)
                        case "rollout":
                            channels = roll_out(channels, channel, some, share)
                        case _:
                            channels = yank(channels, [some.sequence], last)
                except UsageError:
                    assert channels is before
        for name, line in before.items():
            now = channels[name]
            assert now.current.sequence >= line.current.sequence
            assert now.newest >= line.newest
            assert {*line.yanked} <= {*now.yanked}
            assert now.candidate is None or now.candidate.sequence > now.current.sequence
