"""Which edit changes which version."""

import pytest

from pipeline.dag.code_version import _closure, code_version


@pytest.fixture
def tree(tmp_path):
    """trainer.run -> trainer.models.losses, and inside a function -> data_prep.names."""
    files = {
        "data_prep/__init__.py": "",
        "data_prep/names.py": "X = 1\n",
        "data_prep/job/prepare.py": "import os\nfrom data_prep import names\n",
        "trainer/__init__.py": "",
        "trainer/models/losses.py": "import math\n",
        "trainer/run.py": (
            "import tensorflow\nfrom trainer.models import losses\n"
            "def f():\n    from data_prep.names import X\n"
        ),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def versions(tree):
    return {
        name: code_version(name, root=tree) for name in ("trainer.run", "data_prep.job.prepare")
    }


@pytest.mark.parametrize(
    ("edited", "changed"),
    [
        ("trainer/models/losses.py", {"trainer.run"}),
        ("trainer/run.py", {"trainer.run"}),
        ("data_prep/job/prepare.py", {"data_prep.job.prepare"}),
        ("data_prep/names.py", {"trainer.run", "data_prep.job.prepare"}),
        ("trainer/unused.py", set()),
    ],
)
def test_an_edit_changes_what_imports_it(tree, edited, changed):
    before = versions(tree)
    (tree / edited).write_text("EDITED = 1\n")
    # an edited importer no longer imports what it did: only the edited text matters here
    after = versions(tree)
    assert {name for name in before if before[name] != after[name]} == changed


def test_the_place_of_the_code_does_not_matter(tree, tmp_path_factory):
    import shutil

    elsewhere = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(tree, elsewhere)
    assert versions(tree) == versions(elsewhere)


def test_cycles_end(tree):
    (tree / "trainer/models/losses.py").write_text("from trainer import run\n")
    assert len(code_version("trainer.run", root=tree)) == 64


def test_a_misspelt_module_is_an_error(tree):
    with pytest.raises(ModuleNotFoundError, match=r"trainer\.runn"):
        code_version("trainer.runn", root=tree)


def test_the_real_nodes_depend_on_what_they_should():
    from pipeline.dag.code_version import ROOT

    preparation = _closure(("components.example_preparation.executor",), ROOT)
    assert {"data_prep.job.prepare", "data_prep.pixels.rasterize_official"} <= set(preparation)
    assert not any(name.startswith("trainer") for name in preparation)
    trainer = _closure(("trainer.run_fn",), ROOT)
    assert {"trainer.models.vae", "trainer.models.losses", "trainer.export.saved_model"} <= set(
        trainer
    )
    assert not any(name.startswith(("components", "pipeline")) for name in trainer)
    transform = _closure(("trainer.preprocessing",), ROOT)
    assert "trainer.config" in transform and "trainer.models.losses" not in transform
    # What registries name by "module:name" shapes the trainer alone.
    named = {"trainer.models.vae_gan", "trainer.networks.residual", "trainer.training.schedules"}
    assert named <= set(_closure(("trainer.run_fn",), ROOT, by_name=True))
    assert not named & set(transform)


def test_a_template_is_part_of_the_package_that_renders_it(tree):
    before = versions(tree)
    (tree / "trainer" / "templates").mkdir()
    (tree / "trainer" / "templates" / "page.html").write_text("<p>")
    first = versions(tree)
    (tree / "trainer" / "templates" / "page.html").write_text("<p>edited")
    second = versions(tree)
    assert len({v["trainer.run"] for v in (before, first, second)}) == 3
    assert len({v["data_prep.job.prepare"] for v in (before, first, second)}) == 1
