"""What log-likelihoods were made of, in ``manifest.json`` beside them; the next stage refuses what it cannot trust."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blasr.data.data_dir import DataDir
from blasr.errors import DataError, FormatError, MismatchError
from blasr.hmm.tree import read_tree
from blasr.io.atomic import atomic_open
from blasr.units import FloatArray

logger = logging.getLogger(__name__)

NAME = "manifest.json"
_SHARED = ("values", "blasr", "experiment", "weights", "model", "tree", "priors", "cmvn", "num_pdfs")
"""What the dumps of one run of jobs have in common."""

DUMP_AGAIN = "dump again (blasr dump)"


def file_entry(path: Path) -> dict[str, str]:
    """A file and the SHA-256 of its content, as a manifest names files."""
    with path.open("rb") as stream:
        return {"file": str(path), "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def data_entry(data_dir: DataDir) -> dict[str, str]:
    """A data directory and the SHA-256 of what its log-likelihoods depend on: utterances, speakers, audio, times."""
    digest = hashlib.sha256()
    for item in data_dir.utterances:
        times = (item.channel, item.start_seconds, item.end_seconds)
        row = (item.id, item.speaker, item.recording, data_dir.recordings[item.recording], *times)
        digest.update(repr(row).encode())
    return {"dir": str(data_dir.path), "sha256": digest.hexdigest()}


def same_tree(first: Path, second: Path) -> bool:
    """Whether two files hold the same tree, which one may in text and the other in binary; False if one is gone."""
    return first.is_file() and second.is_file() and read_tree(first) == read_tree(second)


@dataclass(frozen=True)
class Manifest:
    """A manifest as it was read."""

    path: Path
    values: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read one.

        Raises:
            FormatError: it is none.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise FormatError(f"is no manifest: {error}", path=path, fix=DUMP_AGAIN) from None
        if not isinstance(values, dict):
            raise FormatError("is no manifest: expected an object", path=path, fix=DUMP_AGAIN)
        return cls(path, values)

    @classmethod
    def beside(cls, table: str) -> Manifest | None:
        """The manifest in the folder of an archive or script file (``scp:DIR/loglikes.scp``); None if there is none."""
        name = table.split(":", 1)[1] if table.startswith(("ark", "scp")) and ":" in table else table
        path = Path(name.strip()).parent / NAME
        return cls.read(path) if path.is_file() else None

    @property
    def written(self) -> int:
        """The number of utterances in the archives."""
        return int(self.values["utterances"]["written"])

    def check(self) -> None:
        """Refuse log-likelihoods that are partial, or older than what they were made of.

        Files that are no longer where they were are not compared: a dump may be moved.

        Raises:
            DataError: the dump did not come to its end, or its archives are not those that it wrote.
            MismatchError: the data, the network, the model or the tree has changed since.
        """
        if self.values.get("complete") is not True:
            raise DataError("this dump did not come to its end", path=self.path, fix=DUMP_AGAIN)
        for archive in self.values.get("archives", ()):
            self._check_archive(self.path.parent / archive["file"], int(archive["bytes"]))
        for part in ("weights", "model", "tree"):
            entry = self.values.get(part)
            if isinstance(entry, dict) and Path(entry["file"]).is_file():
                self._check_same(f"the {part}", entry["file"], entry["sha256"], file_entry(Path(entry["file"])))
        data = self.values.get("data", ())
        for entry in [data] if isinstance(data, dict) else data:
            if Path(entry["dir"], "utt2spk").is_file():
                now = data_entry(DataDir.read(entry["dir"], allow_pipes=True))
                self._check_same("the data directory", entry["dir"], entry["sha256"], now)

    def _check_archive(self, path: Path, expected: int) -> None:
        if not path.is_file():
            raise DataError(f"the archive {path} is gone", path=self.path, fix=DUMP_AGAIN)
        if (found := path.stat().st_size) != expected:
            message = f"{path} has {found} bytes, the dump wrote {expected}: it is another or a partial archive"
            raise DataError(message, path=self.path, fix=DUMP_AGAIN)

    def _check_same(self, what: str, path: str, then: str, now: Mapping[str, str]) -> None:
        if now["sha256"] != then:
            hashes = f"SHA-256 {then[:12]} then, {now['sha256'][:12]} now"
            message = f"stale: {what} {path} has changed since the dump ({hashes})"
            raise MismatchError(message, path=self.path, fix=DUMP_AGAIN)

    def check_tree(self, tree: Path) -> None:
        """Compare the tree of the dump with a decoder's.

        Raises:
            MismatchError: another tree; naming both files.
        """
        entry = self.values.get("tree")
        if not isinstance(entry, dict) or not tree.is_file():
            return
        now = file_entry(tree)
        if now["sha256"] != entry["sha256"] and not same_tree(Path(entry["file"]), tree):
            raise MismatchError(
                f"the log-likelihoods are of the tree {entry['file']} (SHA-256 {entry['sha256'][:12]}), "
                f"the decoder's is {tree} ({now['sha256'][:12]})",
                path=self.path,
                fix="decode with the final.mdl, tree and graph that the network was trained for",
            )

    def all_read(self, items: Iterable[tuple[str, FloatArray]]) -> Iterator[tuple[str, FloatArray]]:
        """``items`` again, the matrices of the dump; at their end their number is compared with the manifest's.

        Raises:
            DataError: they are fewer or more than were written.
        """
        count = 0
        for item in items:
            count += 1
            yield item
        if count != self.written:
            message = f"{count} utterances were read, the dump wrote {self.written}"
            raise DataError(message, path=self.path, fix="give the loglikes.scp that was dumped, whole")

    def tell(self) -> str:
        """One line: which network, which priors, floor and scale, and how many utterances."""
        values = self.values
        parts = [str(values.get("values", "log-likelihoods"))]
        if isinstance(weights := values.get("weights"), dict):
            parts.append(f"{weights['file']} ({weights.get('of', '?')}, SHA-256 {weights['sha256'][:12]})")
        if isinstance(priors := values.get("priors"), dict):
            told = "prior scale {scale:g}, priors of {source}, floor {floor:.2g}, {floored} at it"
            parts.append(told.format_map(priors))
        return f"{self.path}: {', '.join(parts)}, {self.written} utterances"


def check_loglikes(table: str, tree: Path) -> Manifest | None:
    """Refuse log-likelihoods whose manifest says that they are stale, partial or of another tree than ``tree``.

    Returns:
        The manifest; None where there is none, which is said: archives of other programs have none.

    Raises:
        DataError, MismatchError: as :meth:`Manifest.check` and :meth:`Manifest.check_tree`.
    """
    manifest = Manifest.beside(table)
    if manifest is None:
        logger.info("%s has no %s beside it: its network, priors and scale are not known", table, NAME)
        return None
    manifest.check()
    manifest.check_tree(tree)
    logger.info("%s", manifest.tell())
    return manifest


def write_manifest(folder: Path, values: Mapping[str, Any]) -> None:
    """Write ``manifest.json``."""
    with atomic_open(folder / NAME, "w") as file:
        json.dump(values, file, indent=2)
        file.write("\n")


def combine_dumps(out: Path, parts: Sequence[Path]) -> Manifest:
    """Join the dumps of jobs: their script files in ``out/loglikes.scp``, their manifests in ``out/manifest.json``.

    Raises:
        DataError: a part is incomplete or none, or two have an utterance in common.
        MismatchError: they were made of different networks, priors or models.
    """
    manifests = [Manifest.read(part / NAME) for part in parts]
    first = {key: manifests[0].values.get(key) for key in _SHARED}
    lines: dict[str, str] = {}
    totals: dict[str, Any] = {"asked": 0, "written": 0, "dropped": {}}
    archives: list[dict[str, Any]] = []
    for manifest, part in zip(manifests, parts, strict=True):
        manifest.check()
        for key in _SHARED:
            if manifest.values.get(key) != first[key]:
                raise MismatchError(f"{key} differs from that of {parts[0]}", path=manifest.path, fix=DUMP_AGAIN)
        for line in (part / "loglikes.scp").read_text(encoding="utf-8").splitlines():
            utterance = line.split(" ", 1)[0]
            if utterance in lines:
                raise DataError("stands in two of the dumps", path=part / "loglikes.scp", utterance=utterance)
            lines[utterance] = line
        utterances = manifest.values["utterances"]
        totals["asked"] += utterances["asked"]
        totals["written"] += utterances["written"]
        for reason, count in utterances["dropped"].items():
            totals["dropped"][reason] = totals["dropped"].get(reason, 0) + count
        for archive in manifest.values["archives"]:
            archives.append({**archive, "file": str((part / archive["file"]).resolve())})
    out.mkdir(parents=True, exist_ok=True)
    with atomic_open(out / "loglikes.scp", "w") as stream:
        stream.writelines(f"{lines[utterance]}\n" for utterance in sorted(lines))
    frames = sum(int(manifest.values["frames"]) for manifest in manifests)
    data = [manifest.values["data"] for manifest in manifests]
    joined = {"data": data, "frames": frames, "utterances": totals, "archives": archives, "complete": True}
    write_manifest(out, {**first, **joined})
    return Manifest.read(out / NAME)
