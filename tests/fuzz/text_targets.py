"""The targets of fuzzing that read text which people write: lexicons, transcripts, NIST's files, language models."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from blasr.data.check import read_data_files
from blasr.data.fix import fix_data_dir
from blasr.errors import BlasrError, FormatError
from blasr.graph.silence_lexicon import SentenceSilence
from blasr.io.nist.ctm import read_ctm_items
from blasr.io.nist.glm import read_glm
from blasr.io.nist.stm import read_stm
from blasr.io.symbols import SymbolTable
from blasr.io.text_lines import inspect_lines, read_fields
from blasr.lattices.word_times import AlignLexicon
from blasr.lexicon.pronunciations import read_lexicon
from blasr.lm.arpa import read_arpa
from blasr.lm.text import iterate_sentences, read_sentences, read_vocabulary
from blasr.scoring.transcripts import read_transcripts

MARK = b"\xef\xbb\xbf"
LEXICON = b";;; comment\n<UNK> SPN\nZERO Z IH R OW\nZERO Z IY R OW\nONE W AH N\n"
TEXT = "ann-1 one two\nann-2 drei für\r\nbob-1 字 <noise>\n".encode()
STM = b';; LABEL "O" "Overall" "all"\nr 1 s 0.0 2.0 <O> hello { a / b c / @ } (uh)\nr 1 s 2 4 -ment word-\n'
CTM = (
    b";; comment\nr 1 0.1 0.3 hello 0.9\nr 1 * * <ALT_BEGIN>\nr 1 1 1 a\nr 1 * * <ALT>\nr 1 1 1 b\nr 1 * * <ALT_END>\n"
)
GLM = b""";; rules
* CASE_SENSITIVE = 'F'
;; INPUT_DEPENDENT_APPLICATION = "stm|hyp"
[UH] => [%HESITATION] / [ ] __ [ ]
"ALL RIGHT" => ALRIGHT ;; comment
"""
ARPA = b"""\\data\\
ngram 1=4
ngram 2=3

\\1-grams:
-99\t<s>\t-0.3
-0.6\t</s>
-0.5\ta\t-0.2
-0.6\tb\t-0.2

\\2-grams:
-0.3\t<s> a
-0.4\ta b
-0.2\tb </s>

\\end\\
"""
SYMBOLS = b"<eps> 0\na 1\nb 2\n#0 3\n"
WAV_SCP = b"call1 a.wav\ncall2 sox b.wav -t wav - |\n"
SEGMENTS = b"ann-1 call1 0.0 0.5\nann-2 call1 0.5 -1 1\nbob-1 call2 0 1.5\n"
UTT2SPK = b"ann-1 ann\nann-2 ann\nbob-1 bob\n"


@contextmanager
def file_of(data: bytes) -> Iterator[Path]:
    """Yield the path of a file in memory."""
    descriptor = os.memfd_create("fuzz")
    try:
        os.write(descriptor, data)
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _read(read: Callable[[Path], object], data: bytes) -> None:
    """Read a file; every mistake of a user counts as refused."""
    with file_of(data) as path:
        try:
            result = read(path)
            if isinstance(result, Iterator):
                for _ in result:
                    pass
        except FormatError:
            raise
        except BlasrError as error:
            raise FormatError(str(error)) from None


def _read_data(name: str, data: bytes) -> None:
    """Check and fix a data directory with one damaged file."""
    files = {"wav.scp": WAV_SCP, "segments": SEGMENTS, "utt2spk": UTT2SPK, "text": TEXT} | {name: data}
    with TemporaryDirectory(prefix="blasr-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        for file, content in files.items():
            Path(folder, file).write_bytes(content)
        found = read_data_files(Path(folder), need_text=True, allow_pipes=True)
        try:
            fix_data_dir(Path(folder))
        except BlasrError as error:
            raise FormatError(str(error)) from None
        if any(problem.fatal for problem in found.problems):
            raise FormatError("has problems")


def text_seeds(seed: bytes) -> tuple[bytes, ...]:
    """Return a text plain, with a byte order mark and carriage returns, and gzipped."""
    windows = MARK + seed.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return seed, windows, gzip.compress(seed, mtime=0)


def text_parsers() -> Iterator[tuple[str, tuple[bytes, ...], Callable[[bytes], object]]]:
    """Yield the name, the valid inputs and the parser of every target."""
    silence = b"<s> 0.5\n</s>_s 1.2\n</s>_n 0.8\noverall 0.3\n"
    readers: dict[str, tuple[bytes, Callable[[Path], object]]] = {
        "text-lines": (TEXT, read_fields),
        "inspected-text": (TEXT, inspect_lines),
        "lexicon": (LEXICON, read_lexicon),
        "lexiconp": (b"A 1.0 a b\nB 0.5 b\n", partial(read_lexicon, with_probabilities=True)),
        "silprob": (silence, SentenceSilence.read),
        "align-lexicon": (b"0 0 1\n5 5 2 3\n5 5 4\n", AlignLexicon.read),
        "transcripts": (TEXT, read_transcripts),
        "stm": (STM, read_stm),
        "ctm": (CTM, read_ctm_items),
        "glm-stm": (GLM, partial(read_glm, kind="stm", purpose="ref")),
        "glm-ctm": (GLM, partial(read_glm, kind="ctm", purpose="hyp")),
        "arpa": (ARPA, read_arpa),
        "lm-text": (TEXT, partial(iterate_sentences, utterance_ids=True)),
        "graph-text": (TEXT, partial(read_sentences, vocabulary=("one", "two"))),
        "vocabulary": (SYMBOLS, read_vocabulary),
        "symbols": (SYMBOLS, SymbolTable.read),
    }
    for name, (seed, read) in readers.items():
        yield name, text_seeds(seed), partial(_read, read)
    for name, seed in {"wav.scp": WAV_SCP, "segments": SEGMENTS, "utt2spk": UTT2SPK, "text": TEXT}.items():
        yield f"data-{name}", text_seeds(seed), partial(_read_data, name)
