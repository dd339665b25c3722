from __future__ import annotations

from pathlib import Path

import pytest

from blasr.cli.main import main
from blasr.lm.arpa import read_arpa
from tests.lm.ngrams import random_text


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "lm.txt"
    path.write_text("".join(" ".join(sentence) + "\n" for sentence in random_text(300)))
    return path


def test_from_text_to_a_small_mixed_model(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other, mixed, small = (str(tmp_path / name) for name in ("a.arpa", "b.arpa.gz", "m.arpa", "s.arpa"))
    assert main(["lm", "train", "--text", str(text), "--order", "3", "--min-counts", "1,1,2", "--out", one]) == 0
    assert "discounts of order 3: " in capsys.readouterr().out
    (tmp_path / "words.txt").write_text("<eps> 0\nw0 1\nw1 2\n<unk> 3\n#0 4\n<s> 5\n</s> 6\n")
    vocabulary = ["--vocabulary", str(tmp_path / "words.txt")]
    assert main(["lm", "train", "--text", str(text), "--order", "2", *vocabulary, "--out", other]) == 0
    assert "38 words are outside the vocabulary" in capsys.readouterr().out
    assert read_arpa(other).words == ("<s>", "</s>", "<unk>", "w0", "w1")
    assert main(["lm", "interpolate", "--tune", str(text), one, other, "--out", mixed]) == 0
    assert "perplexity: " in capsys.readouterr().out
    assert main(["lm", "prune", "--threshold", "1e-4", mixed, "--out", small]) == 0
    assert "in -> 41 1-grams" not in capsys.readouterr().out
    assert sum(read_arpa(small).num_ngrams) < sum(read_arpa(mixed).num_ngrams)
    (tmp_path / "test").write_text("u1 w0 w1\nu2 w0 never\n")
    assert main(["lm", "perplexity", "--utterance-ids", "--text", str(tmp_path / "test"), small]) == 0
    out = capsys.readouterr().out
    assert "2 sentences, 4 words, 1 of them unknown" in out
    assert "perplexity with unknown words as <unk>: " in out


def test_a_users_mistakes(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out.arpa")
    with pytest.raises(SystemExit):
        main(["lm", "train", "--text", str(text), "--min-counts", "1,x", "--out", out])
    assert "expected whole numbers such as 1,1,2, found '1,x'" in capsys.readouterr().err
    (tmp_path / "words").write_text("w0\nw1\n")
    vocabulary = ["--vocabulary", str(tmp_path / "words")]
    assert main(["lm", "train", "--text", str(text), "--closed", *vocabulary, "--out", out]) == 1
    assert "words outside the vocabulary" in capsys.readouterr().err
    assert main(["lm", "train", "--text", str(tmp_path / "absent"), "--out", out]) == 1
    assert "absent: cannot be read" in capsys.readouterr().err
    (tmp_path / "latin").write_bytes(b"a b\n\xe4 c\n")
    assert main(["lm", "train", "--text", str(tmp_path / "latin"), "--out", out]) == 1
    assert "latin:2: the byte 0xe4 is not UTF-8" in capsys.readouterr().err
    assert not Path(out).exists()


def test_witten_bell(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out.arpa")
    assert main(["lm", "train", "--text", str(text), "--smoothing", "witten-bell", "--order", "2", "--out", out]) == 0
    assert "Witten-Bell, 42 1-grams" in capsys.readouterr().out
    command = ["lm", "train", "--text", str(text), "--smoothing", "witten-bell", "--out", str(tmp_path / "new.arpa")]
    for option in ("--unknown=w0", "--min-counts=1,5"):
        assert main([*command, option]) != 0
        assert f"{option.split('=')[0]} is for --smoothing kneser-ney" in capsys.readouterr().err
    assert not (tmp_path / "new.arpa").exists()


def test_utterance_ids_that_were_not_announced_are_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text, out = tmp_path / "text", str(tmp_path / "out.arpa")
    train = ["lm", "train", "--text", str(text), "--order", "2", "--smoothing", "witten-bell", "--out", out]
    text.write_text("".join(f"u{number} yes no\n" for number in range(20)))
    assert main(train) == 0
    message = "text: the first words of 20 lines all differ; these look like utterance-ids; if they are, give"
    assert message in caplog.text
    for command in (["perplexity", out, "--text"], ["interpolate", out, out, "--out", str(tmp_path / "two"), "--tune"]):
        caplog.clear()
        assert main(["lm", *command, str(text)]) == 0
        assert message in caplog.text
    caplog.clear()
    assert main([*train, "--utterance-ids"]) == 0
    text.write_text("".join(f"u{number} yes no\n" for number in range(19)))
    assert main(train) == 0
    text.write_text("".join(f"u{number % 20} yes no\n" for number in range(21)))
    assert main(train) == 0
    text.write_text("".join(f"u{number}\n" for number in range(30)))  # a list of words
    assert main(train) == 0
    assert "utterance-ids" not in caplog.text


def test_sentences_do_not_lose_their_first_words_as_utterance_ids(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, out = tmp_path / "text", tmp_path / "out.arpa"
    text.write_text("the cat\na dog\nthe dog\n")
    assert main(["lm", "train", "--utterance-ids", "--text", str(text), "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert "text:3: expected a unique utterance-id at the beginning of the line, found 'the'" in error
    assert "leave out --utterance-ids" in error
    assert not out.exists()
