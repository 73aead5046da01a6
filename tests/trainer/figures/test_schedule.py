from trainer.figures.callback import snapshot_epochs

# int(k ** 1.701), and every one of the first ten
SOURCE = [*range(10), 10, 15, 21, 27, 34, 41, 50, 59, 68, 78, 89]


def test_epochs_are_those_of_the_sources_and_the_last_one():
    assert list(snapshot_epochs(90)) == SOURCE
    assert list(snapshot_epochs(100)) == [*SOURCE, 99]
    assert list(snapshot_epochs(15)) == [*range(11), 14]
    assert snapshot_epochs(3) == (0, 1, 2)
    assert snapshot_epochs(1) == (0,)


def test_a_thousand_epochs_have_sixty_five_pictures():
    epochs = snapshot_epochs(1000)
    assert len(epochs) == 65  # 59 powers, of which 0, 1, 3 and 6 are below ten already
    assert epochs[-3:] == (941, 969, 999)
