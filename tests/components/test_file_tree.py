from components.file_tree import file_hashes, same_tree, tree_files, tree_sha256


def test_trees_differ_by_name_or_content(tmp_path):
    for name, files in {"a": {"x": "1"}, "b": {"x": "1"}, "c": {"y": "1"}, "d": {"x": "2"}}.items():
        (tmp_path / name / "sub").mkdir(parents=True)
        for file, text in files.items():
            (tmp_path / name / "sub" / file).write_text(text)
    same = {other for other in "abcd" if same_tree(str(tmp_path / "a"), str(tmp_path / other))}
    assert same == {"a", "b"}
    hashes = {name: tree_sha256(str(tmp_path / name)) for name in "abcd"}
    assert hashes["a"] == hashes["b"] and len(set(hashes.values())) == 3


def test_files_are_listed_and_hashed_by_their_path(tmp_path):
    (tmp_path / "b").mkdir()
    for path in ("b/x", "a"):
        (tmp_path / path).write_text("")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # of no bytes
    assert tree_files(str(tmp_path)) == ["a", "b/x"]
    assert file_hashes(str(tmp_path)) == {"a": empty, "b/x": empty}
