"""Schedules: times, zones and names."""

import pytest

from data_prep.errors import InputError
from pipeline.cluster.schedule import Schedule


def test_time_zones_are_those_of_the_database():
    assert Schedule(name="n", cron="0 3 * * 1", timezone="Europe/Berlin").timezone
    with pytest.raises(InputError, match="timezone: got 'Mars/Base'"):
        Schedule(name="n", cron="0 3 * * 1", timezone="Mars/Base")


@pytest.mark.parametrize("name", ["", "-", "a b", "a" * 64, "ä"])
def test_a_name_is_letters_digits_and_dashes(name):
    with pytest.raises(InputError, match=r"^name: got .*letters, digits, - and _, at most 63"):
        Schedule(name=name, cron="0 3 * * 1")
