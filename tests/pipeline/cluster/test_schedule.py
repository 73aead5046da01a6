"""Schedules: times, zones and names; cron lines."""

import pytest

from data_prep.errors import InputError
from pipeline.cluster.schedule import Schedule, check_cron, kubeflow_cron


def test_time_zones_are_those_of_the_database():
    assert Schedule(name="n", cron="0 3 * * 1", timezone="Europe/Berlin").timezone
    with pytest.raises(InputError, match="timezone: got 'Mars/Base'"):
        Schedule(name="n", cron="0 3 * * 1", timezone="Mars/Base")


@pytest.mark.parametrize("name", ["", "-", "a b", "a" * 64, "ä"])
def test_a_name_is_letters_digits_and_dashes(name):
    with pytest.raises(InputError, match=r"^name: got .*letters, digits, - and _, at most 63"):
        Schedule(name=name, cron="0 3 * * 1")


@pytest.mark.parametrize(
    "line",
    ["0 3 * * 1", "*/15 * * * *", "0 0 1,15 JAN-MAR,12 *", "5 4 * * sun", "0 0 29 2 *",
     "0 9-17/2 * * MON-FRI", "0 0 30 2 1"],
)  # fmt: skip
def test_cron_lines_that_fit(line):
    assert check_cron(f"  {line.replace(' ', '  ')} ") == line


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0 3 * *", "5 fields"),
        ("0 0 3 * * 1", "5 fields"),
        ("60 3 * * 1", "'60' as minute"),
        ("0 24 * * 1", "'24' as hour"),
        ("0 3 0 * *", "'0' as day of month"),
        ("0 3 * 13 *", "'13' as month"),
        ("0 3 * * 8", "'8' as day of week"),
        ("0 3 * * MAY", "'MAY' as day of week"),
        ("*/0 3 * * *", r"'\*/0' as minute"),
        ("5-1 3 * * *", "'5-1' as minute"),
        ("@daily", "5 fields"),
        ("1, 3 * * *", "'' as minute"),
        ("٣ 3 * * *", "as minute"),
        ("0 0 30 2 *", "no month of it has"),
        ("0 0 31 2,4,6 *", "no month of it has"),
    ],
)
def test_cron_lines_that_do_not(line, words):
    with pytest.raises(InputError, match=f"^cron: .*{words}"):
        check_cron(line)


@pytest.mark.parametrize(
    ("line", "kubeflow"),
    [
        ("30 4 7 7 5,7", "0 30 4 7 7 5,0"),
        ("*/15 3 * * 1-5", "0 */15 3 * * 1-5"),
        ("0 3 * * 1-7", "0 0 3 * * 1,2,3,4,5,6,0"),
        ("0 3 * * 0-7", "0 0 3 * * 0,1,2,3,4,5,6"),
        ("0 3 * * 1-7/2", "0 0 3 * * 1,3,5,0"),
        ("0 3 * * SAT-7", "0 0 3 * * 6,0"),
        ("0 3 * * */7", "0 0 3 * * */7"),
        ("0 3 * * 7/2", "0 0 3 * * 0"),
        ("0 3 * * 1-07/4", "0 0 3 * * 1,5"),
    ],
)
def test_kubeflow_lines_begin_with_seconds_and_know_sunday_as_0_alone(line, kubeflow):
    assert kubeflow_cron(line) == kubeflow
