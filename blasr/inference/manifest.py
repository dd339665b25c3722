"""``manifest.json``: the inputs that log-likelihoods were made from, so that later stages can refuse stale ones."""

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
from blasr.io.folder_lock import locked_folder
from blasr.units import FloatArray

logger = logging.getLogger(__name__)

MANIFEST_NAME = "manifest.json"
"""The name of the file that describes a dump."""
_SHARED = ("values", "blasr", "experiment", "weights", "model", "tree", "priors", "cmvn", "cascade", "num_pdfs")
"""The keys on which the dumps of one run of jobs must agree."""

DUMP_AGAIN = "dump again (blasr dump)"


def file_entry(path: Path) -> dict[str, str]:
    """Return a file and the SHA-256 of its content, as a manifest records files."""
    with path.open("rb") as stream:
        return {"file": str(path), "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def data_entry(data_dir: DataDir) -> dict[str, str]:
    """Return a data directory and the SHA-256 of what its log-likelihoods depend on.

    These are the utterances, their speakers, their audio and their times.
    """
    digest = hashlib.sha256()
    for item in data_dir.utterances:
        times = (item.channel, item.start_seconds, item.end_seconds)
        row = (item.id, item.speaker, item.recording, data_dir.recordings[item.recording], *times)
        digest.update(repr(row).encode())
    return {"dir": str(data_dir.path), "sha256": digest.hexdigest()}


def same_tree(first: Path, second: Path) -> bool:
    """Return whether two files contain the same tree, in text or binary form; False if one is absent."""
    return first.is_file() and second.is_file() and read_tree(first) == read_tree(second)


@dataclass(frozen=True)
class Manifest:
    """The content of a manifest."""

    path: Path
    values: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read a manifest.

        Raises:
            FormatError: the file is not a manifest.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise FormatError(f"is not a manifest: {error}", path=path, fix=DUMP_AGAIN) from None
        if not isinstance(values, dict):
            raise FormatError("is not a manifest: expected an object", path=path, fix=DUMP_AGAIN)
        return cls(path, values)

    @classmethod
    def beside(cls, table: str) -> Manifest | None:
        """Read the manifest in the folder of an archive or script file (``scp:DIR/loglikes.scp``), if there is one."""
        name = table.split(":", 1)[1] if table.startswith(("ark", "scp")) and ":" in table else table
        path = Path(name.strip()).parent / MANIFEST_NAME
        return cls.read(path) if path.is_file() else None

    @property
    def written(self) -> int:
        """The number of utterances in the archives."""
        return int(self.values["utterances"]["written"])

    def check(self) -> None:
        """Refuse log-likelihoods that are incomplete, or older than their inputs.

        Files that have moved are not compared, since a dump may be moved.

        Raises:
            DataError: the dump was not finished, or its archives are not those that it wrote.
            MismatchError: the data, the network, the model or the tree has changed since then.
        """
        if self.values.get("complete") is not True:
            raise DataError("the dump was not finished", path=self.path, fix=DUMP_AGAIN)
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
            raise DataError(f"the archive {path} is missing", path=self.path, fix=DUMP_AGAIN)
        if (found := path.stat().st_size) != expected:
            message = f"{path} has {found} bytes, the dump wrote {expected}: it is incomplete or another archive"
            raise DataError(message, path=self.path, fix=DUMP_AGAIN)

    def _check_same(self, what: str, path: str, then: str, now: Mapping[str, str]) -> None:
        if now["sha256"] != then:
            hashes = f"SHA-256 {then[:12]} then, {now['sha256'][:12]} now"
            message = f"stale: {what} {path} has changed since the dump ({hashes})"
            raise MismatchError(message, path=self.path, fix=DUMP_AGAIN)

    def check_tree(self, tree: Path) -> None:
        """Compare the tree of the dump with the decoder's tree.

        Raises:
            MismatchError: the trees differ; the error names both files.
        """
        entry = self.values.get("tree")
        if not isinstance(entry, dict) or not tree.is_file():
            return
        now = file_entry(tree)
        if now["sha256"] != entry["sha256"] and not same_tree(Path(entry["file"]), tree):
            raise MismatchError(
                f"the log-likelihoods belong to the tree {entry['file']} (SHA-256 {entry['sha256'][:12]}), "
                f"the decoder's is {tree} ({now['sha256'][:12]})",
                path=self.path,
                fix="decode with the final.mdl, tree and graph that the network was trained for",
            )

    def all_read(self, items: Iterable[tuple[str, FloatArray]]) -> Iterator[tuple[str, FloatArray]]:
        """Yield the matrices of the dump unchanged; at the end, compare their number with the manifest.

        Raises:
            DataError: more or fewer were read than the dump wrote.
        """
        count = 0
        for item in items:
            count += 1
            yield item
        if count != self.written:
            message = f"{count} utterances were read, the dump wrote {self.written}"
            raise DataError(message, path=self.path, fix="give the whole loglikes.scp of the dump")

    def summary(self) -> str:
        """Return one line: the network, its priors with floor and scale, and the number of utterances."""
        values = self.values
        parts = [str(values.get("values", "log-likelihoods"))]
        if isinstance(weights := values.get("weights"), dict):
            parts.append(f"{weights['file']} ({weights.get('of', '?')}, SHA-256 {weights['sha256'][:12]})")
        if isinstance(priors := values.get("priors"), dict):
            described = "prior scale {scale:g}, priors of {source}, floor {floor:.2g}, {floored} at it"
            parts.append(described.format_map(priors))
        return f"{self.path}: {', '.join(parts)}, {self.written} utterances"


def check_loglikes(table: str, tree: Path) -> Manifest | None:
    """Refuse log-likelihoods if their manifest shows that they are stale, incomplete or made for another tree.

    Returns:
        The manifest. Archives of other programs have none: that is logged, and None is returned.

    Raises:
        DataError, MismatchError: as :meth:`Manifest.check` and :meth:`Manifest.check_tree`.
    """
    manifest = Manifest.beside(table)
    if manifest is None:
        logger.info("%s has no %s beside it: its network, priors and scale are not known", table, MANIFEST_NAME)
        return None
    manifest.check()
    manifest.check_tree(tree)
    logger.info("%s", manifest.summary())
    return manifest


def write_manifest(folder: Path, values: Mapping[str, Any]) -> None:
    """Write ``manifest.json``."""
    write_manifest_file(folder / MANIFEST_NAME, values)


def write_manifest_file(path: Path, values: Mapping[str, Any]) -> None:
    """Write a manifest under any name."""
    with atomic_open(path, "w") as file:
        json.dump(values, file, indent=2)
        file.write("\n")


def combine_dumps(out: Path, parts: Sequence[Path]) -> Manifest:
    """Join the dumps of jobs: their script files into ``out/loglikes.scp``, their manifests into ``out/manifest.json``.

    Raises:
        DataError: a part is incomplete or not a dump, or two parts have an utterance in common.
        MismatchError: the parts were made with different networks, priors or models.
    """
    manifests = [Manifest.read(part / MANIFEST_NAME) for part in parts]
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
                raise DataError("appears in two of the dumps", path=part / "loglikes.scp", utterance=utterance)
            lines[utterance] = line
        utterances = manifest.values["utterances"]
        totals["asked"] += utterances["asked"]
        totals["written"] += utterances["written"]
        for reason, count in utterances["dropped"].items():
            totals["dropped"][reason] = totals["dropped"].get(reason, 0) + count
        for archive in manifest.values["archives"]:
            archives.append({**archive, "file": str((part / archive["file"]).resolve())})
    frames = sum(int(manifest.values["frames"]) for manifest in manifests)
    data = [manifest.values["data"] for manifest in manifests]
    joined = {"data": data, "frames": frames, "utterances": totals, "archives": archives, "complete": True}
    with locked_folder(out):
        with atomic_open(out / "loglikes.scp", "w") as stream:
            stream.writelines(f"{lines[utterance]}\n" for utterance in sorted(lines))
        write_manifest(out, {**first, **joined})
    return Manifest.read(out / MANIFEST_NAME)
