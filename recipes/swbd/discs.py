"""Find the files of LDC's corpora. Only file names matter, so the discs may be unpacked in any folders."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from shutil import which

from blasr.errors import DataError, DependencyError
from blasr.io.atomic import atomic_path
from blasr.io.sphere import SphereHeader
from blasr.progress import track

SPH2PIPE = "sph2pipe"


@dataclass(frozen=True)
class Disc:
    """A corpus published by LDC, the option of ``run.sh`` for its folder, and the files that it must have."""

    catalog_number: str
    title: str
    option: str
    expected: str

    @property
    def name(self) -> str:
        """The name in error messages."""
        return f"{self.catalog_number} ({self.title})"


SWBD1 = Disc("LDC97S62", "Switchboard-1 Release 2", "--swbd1", "sw02001.sph and the other conversations")
MS98 = Disc(
    "LDC97S62's ISIP transcripts",
    "swb_ms98_transcriptions",
    "--ms98",
    "20/2001/sw2001A-ms98-a-trans.text and sw-ms98-dict.text",
)
FISHER = Disc(
    "LDC2004S13, LDC2004T19, LDC2005S13, LDC2005T19",
    "Fisher English parts 1 and 2",
    "--fisher",
    "audio/000/fe_03_00001.sph, data/trans/000/fe_03_00001.txt and doc/fe_03_p1_filelist.tbl",
)
HUB5_SPEECH = Disc(
    "LDC2002S09", "2000 HUB5 English Evaluation Speech", "--hub5-speech", "english/*.sph and english/hub5e_00.pem"
)
HUB5_TEXT = Disc(
    "LDC2002T43",
    "2000 HUB5 English Evaluation Transcripts",
    "--hub5-text",
    "reference/hub5e00.english.000405.stm and reference/en20000405_hub5.glm",
)
RT02 = Disc("LDC2004S11", "2002 Rich Transcription, CTS part", "--rt02", "the CTS conversations (.sph) and their .stm")


def find_files(disc: Disc, folders: Iterable[Path], pattern: str) -> list[Path]:
    """Return all files below the folders with names (in lower case) that match ``pattern``, sorted.

    Raises:
        DataError: a folder is missing, or there is no such file.
    """
    folders = list(folders)
    fix = f"set {disc.option} (or the paths in recipes/swbd/paths.sh) to {disc.name}"
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"no such folder, expected {disc.name} with {disc.expected}", path=folder, fix=fix)
    found = sorted({path for folder in folders for path in folder.rglob("*") if fnmatch(path.name.lower(), pattern)})
    if not found:
        where = ", ".join(map(str, folders)) or "no folder"
        raise DataError(f"found no {pattern}, expected {disc.name} with {disc.expected}", path=where, fix=fix)
    return found


def find_file(disc: Disc, folders: Iterable[Path], pattern: str) -> Path:
    """Return the matching file that is nearest to the top of the folders; the first one if there are several.

    Raises:
        DataError: a folder is missing, or there is no such file.
    """
    return min(find_files(disc, folders, pattern), key=lambda path: (len(path.parts), path))


def find_conversations(disc: Disc, folders: Iterable[Path], expanded: Path, nj: int) -> dict[str, Path]:
    """Return the SPHERE file of every conversation, by its name without ``.sph``.

    Training reads short segments from anywhere in a corpus, and compressed files do not allow that. Therefore files
    compressed with shorten, such as Fisher's, are expanded once, by ``sph2pipe``.

    Args:
        disc: the corpus.
        folders: the folders of its discs.
        expanded: the folder that receives the expanded files.
        nj: how many files are expanded at the same time.

    Raises:
        DataError: there are no such files, or sph2pipe fails.
        DependencyError: a file is compressed and sph2pipe is not installed.
        FormatError: a file is not a SPHERE file.
    """
    conversations = {path.stem.lower(): path.resolve() for path in find_files(disc, folders, "*.sph")}
    compressed = {name: path for name, path in conversations.items() if SphereHeader.read(path).compression is not None}
    if compressed:
        _expand(compressed, expanded, nj)
        conversations |= {name: (expanded / f"{name}.sph").resolve() for name in compressed}
    print(f"{disc.name}: {len(conversations)} conversations, {len(compressed)} of them expanded with {SPH2PIPE}")
    return conversations


def _expand(compressed: Mapping[str, Path], expanded: Path, nj: int) -> None:
    program = which(SPH2PIPE)
    missing = {name: path for name, path in compressed.items() if not (expanded / f"{name}.sph").is_file()}
    if program is None and missing:
        first = next(iter(missing.values()))
        raise DependencyError(
            f"{first} and {len(missing) - 1} other(s) are compressed with shorten, but {SPH2PIPE} is not installed",
            fix=f"build {SPH2PIPE} 2.5 (its source comes from LDC or Kaldi's tools/) and put it on the PATH",
        )

    def expand(name: str) -> None:
        with atomic_path(expanded / f"{name}.sph") as out:
            command = [str(program), "-f", "sph", str(missing[name]), str(out)]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode != 0 or not out.is_file():
                raise DataError(f"{SPH2PIPE} failed: {result.stderr.strip()}", path=missing[name])

    with ThreadPoolExecutor(nj) as pool:  # each thread waits for a process
        for _ in track(pool.map(expand, missing), "expanding", total=len(missing)):
            pass
