"""Statistics of speakers on disk, with a fingerprint of what they were collected from.

A data directory may have them in ``cmvn.scp``, as Kaldi's ``compute_cmvn_stats.sh`` writes it; ``blasr data cmvn``
writes ``cmvn.json`` with the fingerprint beside it. A training run keeps those of all voices in its own folder.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from blasr.data.data_dir import DataDir
from blasr.errors import ConfigError, DataError, FormatError, MismatchError
from blasr.features.cmvn import CmvnStats, read_cmvn_stats
from blasr.features.config import FeatureConfig, MfccConfig
from blasr.features.online_cmvn import GLOBAL_CMVN, write_global_cmvn
from blasr.features.perturbation import UNCHANGED, Perturbation
from blasr.features.speaker_stats import SpeakerStats
from blasr.features.speaker_stats_collection import (
    SAMPLED_UTTERANCES,
    collect_speaker_stats,
    distinct_voices,
    iterate_speaker_stats,
)
from blasr.io.atomic import atomic_dir, atomic_open
from blasr.io.kaldi import DOUBLE_MATRIX, TableWriter, Wspecifier, read_script
from blasr.io.kaldi.specifiers import ScriptEntry
from blasr.tally import Tally
from blasr.units import AnyArray

logger = logging.getLogger(__name__)

SCRIPT: Final = "cmvn.scp"
ARCHIVE: Final = "cmvn.ark"
FINGERPRINT: Final = "cmvn.json"
_AFTER_NORMALIZATION: Final = ("cmvn", "norm_vars", "delta_window", "segment_context", "online_cmvn")
"""The keys of the features' configuration on which the statistics do not depend."""
_DATA_FILES: Final = ("wav.scp", "segments", "utt2spk", "reco2file_and_channel")

_POLL_SECONDS: Final = 0.5

Fingerprint = Mapping[str, Mapping[str, Any]]


def features_fingerprint(config: FeatureConfig) -> dict[str, Any]:
    """Return the settings of the features that their statistics depend on."""
    settings = {key: value for key, value in asdict(config).items() if key not in _AFTER_NORMALIZATION}
    return {"kind": "mfcc" if isinstance(config, MfccConfig) else "log-mel", **settings}


def data_fingerprint(directory: Path) -> dict[str, str | None]:
    """Return the SHA-256 of the files that name the audio and the speakers; None for an absent file."""
    digests: dict[str, str | None] = {}
    for name in _DATA_FILES:
        digests[name] = None
        if (directory / name).is_file():
            with (directory / name).open("rb") as stream:
                digests[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return digests


def write_cmvn(
    config: FeatureConfig, data_dir: DataDir, out: Path, *, num_jobs: int = 1, max_loss: float = 0.05
) -> Tally:
    """Collect the statistics of every speaker, and write ``cmvn.ark``, ``cmvn.scp`` and ``cmvn.json``.

    Their sums go to ``global_cmvn.stats``, which running statistics begin with.

    Args:
        config: the configuration of the features.
        data_dir: the speakers and their utterances.
        out: the folder to write into; the data directory itself, or another one.
        num_jobs: the number of worker processes.
        max_loss: the largest share of utterances that may be dropped.

    Returns:
        The count of utterances.

    Raises:
        DataError: too many utterances have unusable audio.
    """
    tally = Tally("cmvn", max_loss)
    fingerprint = {"features": features_fingerprint(config), "data": data_fingerprint(data_dir.path)}
    stats = {
        speaker: matrices[0]
        for speaker, matrices in iterate_speaker_stats(config, data_dir, (UNCHANGED,), num_jobs=num_jobs, tally=tally)
        if matrices[0, 0, -1] > 0
    }
    tally.check()
    out.mkdir(parents=True, exist_ok=True)
    (out / SCRIPT).unlink(missing_ok=True)  # the script comes last, so that it never has another fingerprint
    with atomic_open(out / FINGERPRINT, "w") as stream:
        json.dump(fingerprint, stream, indent=2)
    names = Wspecifier(str((out / ARCHIVE).absolute()), str(out / SCRIPT))
    with TableWriter(names, DOUBLE_MATRIX) as writer:
        for speaker, matrix in stats.items():
            writer.write(speaker, matrix)
    write_global_cmvn(out / GLOBAL_CMVN, CmvnStats(np.sum(list(stats.values()), axis=0)))
    return tally


def read_data_cmvn(config: FeatureConfig, data_dir: DataDir) -> SpeakerStats | None:
    """Return the statistics of a data directory's ``cmvn.scp``; None if it has none for this kind of features.

    Without a fingerprint, as Kaldi writes it, the number of coefficients decides. The fingerprint is looked for beside
    ``cmvn.scp``, and for the features also beside the archive, since subsets of a data directory copy the script alone.

    Raises:
        MismatchError: the statistics were collected from other data or with other settings, or lack speakers.
        FormatError: a file is damaged.
    """
    script = data_dir.path / SCRIPT
    if config.cmvn != "speaker" or not script.is_file():
        return None
    fingerprint = _read_fingerprint(script)
    if fingerprint is not None and fingerprint["features"].get("kind") != features_fingerprint(config)["kind"]:
        logger.info("%s is of %s features; other statistics are collected", script, fingerprint["features"].get("kind"))
        return None
    fix = f"collect them again (blasr data cmvn {data_dir.path}), or remove {script}"
    if fingerprint is not None:
        _check_fingerprint(fingerprint, config, data_dir.path, script, fix)
    stats = read_cmvn_stats(f"scp:{script}")
    dims = {item.dim for item in stats.values()}
    expected = config.num_ceps if isinstance(config, MfccConfig) else config.num_mel_bins
    if dims != {expected}:
        found = ", ".join(map(str, sorted(dims))) or "no"
        logger.info("%s has %s coefficients, the features %d; other statistics are collected", script, found, expected)
        return None
    missing = data_dir.speakers().keys() - stats.keys()
    if missing and (fingerprint is None or "data" not in fingerprint):
        message = f"lacks {len(missing)} of the speakers, first {min(missing)}"
        raise MismatchError(message, path=script, fix=fix)
    logger.info("speaker statistics: %d speakers of %s", len(stats), script)
    return SpeakerStats.of_speakers(stats)


def _read_fingerprint(script: Path) -> Fingerprint | None:
    """Return the fingerprint beside a script, the part of the features beside its archive, or None."""
    beside = script.with_name(FINGERPRINT)
    if beside.is_file():
        return _parse_fingerprint(beside)
    for _, entry, _ in read_script(str(script)):
        archive = Path(ScriptEntry.parse(entry).file)
        if archive.name == ARCHIVE and archive.with_name(FINGERPRINT).is_file():
            return {"features": _parse_fingerprint(archive.with_name(FINGERPRINT))["features"]}
        break
    return None


def _parse_fingerprint(path: Path) -> Fingerprint:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return {"features": dict(value["features"]), "data": dict(value["data"])}
    except (ValueError, KeyError, TypeError):
        message = "is not a fingerprint of speaker statistics"
        raise FormatError(message, path=path, fix="collect the statistics again (blasr data cmvn)") from None


def _check_fingerprint(
    fingerprint: Fingerprint, config: FeatureConfig, directory: Path, script: Path, fix: str
) -> None:
    expected = features_fingerprint(config)
    wrong = [
        f"{key} was {fingerprint['features'].get(key)} and is {value}"
        for key, value in expected.items()
        if fingerprint["features"].get(key) != value
    ]
    if wrong:
        raise MismatchError(f"was collected with other features: {'; '.join(wrong)}", path=script, fix=fix)
    changed = [
        name
        for name, digest in data_fingerprint(directory).items()
        if "data" in fingerprint and fingerprint["data"].get(name) != digest
    ]
    if changed:
        raise MismatchError(f"was collected before {', '.join(changed)} changed", path=script, fix=fix)


def load_speaker_stats(
    config: FeatureConfig, data_dir: DataDir, voices: Sequence[Perturbation] = (UNCHANGED,), *, num_jobs: int = 1
) -> SpeakerStats:
    """Return the statistics of ``cmvn.scp`` if the data directory has them; otherwise collect them from the audio.

    Perturbed voices are derived from a bounded number of utterances, see
    :func:`~blasr.features.speaker_stats_collection.iterate_speaker_stats`.

    Raises:
        MismatchError, FormatError: as :func:`read_data_cmvn`.
    """
    unperturbed = read_data_cmvn(config, data_dir)
    if unperturbed is not None and len(distinct_voices(voices)) == 1:
        return unperturbed
    return collect_speaker_stats(config, data_dir, voices, num_jobs=num_jobs, unperturbed=unperturbed)


class SpeakerStatsStore:
    """The statistics of all voices in a folder: collected by one process, memory-mapped by all.

    Args:
        config: the configuration of the features.
        data_dir: the speakers and their utterances.
        voices: the perturbations of each speaker.
        folder: where the statistics are, or will be.
    """

    def __init__(self, config: FeatureConfig, data_dir: DataDir, voices: Sequence[Perturbation], folder: Path) -> None:
        self._config, self._data_dir, self._folder = config, data_dir, folder
        self._voices = distinct_voices(voices)
        self._fingerprint = {
            "features": features_fingerprint(config),
            "data": data_fingerprint(data_dir.path),
            "sampled_utterances": SAMPLED_UTTERANCES,
        }

    def open(self) -> SpeakerStats | None:
        """Return the stored statistics; None if there are none, they are of other data or features, or lack a voice."""
        try:
            manifest = json.loads((self._folder / "manifest.json").read_text(encoding="utf-8"))
            voices = [Perturbation(*voice) for voice in manifest["voices"]]
            if manifest["fingerprint"] != self._fingerprint or not set(self._voices) <= set(voices):
                return None
            matrices = np.load(self._folder / "stats.npy", mmap_mode="r", allow_pickle=False)
            if matrices.shape[:2] != (len(manifest["speakers"]), len(voices)):
                return None
        except (OSError, ValueError, KeyError, TypeError, ConfigError):
            return None
        return SpeakerStats(manifest["speakers"], voices, matrices)

    def open_or_collect(self, num_jobs: int = 1) -> SpeakerStats:
        """Return the stored statistics; if there are none, store those of ``cmvn.scp`` or of the audio first.

        Raises:
            MismatchError, FormatError: as :func:`read_data_cmvn`.
            DataError: no speaker has usable audio, or the folder cannot be written.
        """
        if self._config.cmvn != "speaker":
            return SpeakerStats()
        stats = self.open()
        if stats is not None:
            return stats
        unperturbed = read_data_cmvn(self._config, self._data_dir)
        if unperturbed is not None and len(self._voices) == 1:
            self._write(_rows(unperturbed, self._data_dir))
        else:
            self._write(
                iterate_speaker_stats(
                    self._config, self._data_dir, self._voices, num_jobs=num_jobs, unperturbed=unperturbed
                )
            )
        stats = self.open()
        if stats is None:
            raise FormatError("cannot be read back", path=self._folder, fix="look at the disk, and start again")
        return stats

    def wait(self) -> SpeakerStats:
        """Return the statistics as soon as another process has stored them.

        This has no time limit, unlike the operations of a process group, since it may take hours.
        """
        if self._config.cmvn != "speaker":
            return SpeakerStats()
        while (stats := self.open()) is None:
            time.sleep(_POLL_SECONDS)
        return stats

    def _write(self, found: Iterator[tuple[str, AnyArray]]) -> None:
        speakers = []
        with atomic_dir(self._folder) as temporary:
            count = len(self._data_dir.speakers())
            matrices: AnyArray | None = None
            for row, (speaker, matrix) in enumerate(found):
                if matrices is None:
                    shape = (count, *matrix.shape)
                    matrices = np.lib.format.open_memmap(temporary / "stats.npy", mode="w+", shape=shape)
                matrices[row] = matrix
                speakers.append(speaker)
            if matrices is None or not speakers:
                raise DataError("has no speakers", path=self._data_dir.path, fix="check it with `blasr data check`")
            matrices.flush()  # type: ignore[attr-defined]
            with (temporary / "manifest.json").open("w", encoding="utf-8") as stream:
                voices = [[voice.speed, voice.vtln_warp] for voice in self._voices]
                json.dump({"fingerprint": self._fingerprint, "voices": voices, "speakers": speakers}, stream)


def _rows(stats: SpeakerStats, data_dir: DataDir) -> Iterator[tuple[str, AnyArray]]:
    """Yield every speaker of a data directory and its statistics ``(1, 2, D + 1)``; zeros if it has none."""
    none = np.zeros(stats.matrices.shape[2:])
    for speaker in data_dir.speakers():
        matrix = stats.find(speaker)
        yield speaker, (none if matrix is None else matrix)[None]
