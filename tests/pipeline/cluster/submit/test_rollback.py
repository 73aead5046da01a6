"""Back to an earlier decoder."""

import pytest
from click.testing import CliRunner

from data_prep.errors import InputError
from pipeline.cluster.submit.commands import roll_back as command
from pipeline.cluster.submit.rollback import choose, roll_back, versions


@pytest.fixture
def served(tmp_path):
    """Versions 10 and 20 differ, 30 is 20 again."""
    for version, content in ((10, b"old"), (20, b"new"), (30, b"new")):
        folder = tmp_path / str(version) / "variables"
        folder.mkdir(parents=True)
        (folder / "data").write_bytes(content)
    (tmp_path / "notes").mkdir()
    return tmp_path


def test_the_newest_that_differs_is_served_again(served):
    chosen = choose(str(served))
    assert chosen == 10
    assert roll_back(str(served), chosen, clock=lambda: 25) == 31
    assert (served / "31" / "variables" / "data").read_bytes() == b"old"
    assert versions(str(served)) == [10, 20, 30, 31]
    # and back
    assert choose(str(served)) == 30


def test_what_cannot_be_gone_back_to(served, tmp_path):
    with pytest.raises(InputError, match="--to: got 30, allowed: 10, 20"):
        choose(str(served), 30)
    with pytest.raises(InputError, match="allowed: a folder of decoders"):
        choose(str(tmp_path / "nowhere"))
    (tmp_path / "fresh" / "1").mkdir(parents=True)
    with pytest.raises(InputError, match="no other decoder"):
        choose(str(tmp_path / "fresh"))


def test_the_script(served):
    dry = CliRunner().invoke(command, [str(served), "--dry-run"])
    assert dry.exit_code == 0 and "would copy" in dry.output
    assert versions(str(served)) == [10, 20, 30]
    done = CliRunner().invoke(command, [str(served), "--to", "20"])
    assert done.exit_code == 0, done.output
    assert (served / str(versions(str(served))[-1]) / "variables" / "data").read_bytes() == b"new"
