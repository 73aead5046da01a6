"""Cron lines: which pass, which are refused, and how Kubeflow gets them."""

import pytest

from data_prep.errors import InputError
from pipeline.cluster.cron import check_cron, kubeflow_cron


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
