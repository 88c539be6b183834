"""What pairs of times are taken to say: a few lucky ones decide nothing."""

from __future__ import annotations

import pytest

from measure_pairs import compare


def test_the_ratio_is_of_pictures_a_second():
    row = compare([1.0, 3.0], [2.0, 6.0], 0.99)
    assert (row["bare_per_second"], row["gateway_per_second"]) == (0.5, 0.25)
    assert row["throughput_ratio"] == 0.5 and row["gateway_faster_in"] == 0


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "met"), (0.5, "met"), (1.2, "missed")])
def test_a_steady_difference_decides(factor, verdict):
    bare = [1.0, 1.1, 0.9, 1.05] * 3
    assert compare(bare, [seconds * factor for seconds in bare], 0.99)["goal"] == verdict


def test_best_times_do_not_hide_a_slower_rest():
    row = compare([1.0] * 12, [1.0] + [1.2] * 11, 0.99)
    assert row["ratio_of_best"] == 1.0 and row["goal"] == "missed"


def test_noise_around_the_goal_decides_nothing():
    row = compare([1.0, 1.2, 1.0, 1.2], [1.2, 1.0, 1.2, 1.0], 0.99)
    assert row["throughput_ratio_95"][0] < 0.99 <= row["throughput_ratio_95"][1] and row["goal"] == "undecided"


def test_the_same_times_give_the_same_answer():
    times = [1.0, 1.2, 1.1], [1.1, 1.0, 1.2]
    assert compare(*times, 0.99) == compare(*times, 0.99)


@pytest.mark.parametrize("times", [([], []), ([1.0], [1.0]), ([1.0, 2.0], [1.0])])
def test_what_is_no_pairs_is_refused(times):
    with pytest.raises(ValueError, match="pairs are needed"):
        compare(*times, 0.99)
