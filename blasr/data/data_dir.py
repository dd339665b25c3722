"""A Kaldi data directory: ``wav.scp``, ``utt2spk`` and, if they exist, ``segments``, ``text`` and ``spk2utt``."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from blasr.data.check import DataFiles, Problem, parse_channel, parse_segment, read_data_files, split_fields
from blasr.data.check_audio import check_audio
from blasr.data.check_kaldi import check_for_kaldi
from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from blasr.io.audio import AudioSelection, audio_info, read_segment
from blasr.io.recording_entry import RecordingEntry
from blasr.units import FloatArray

__all__ = ["DataDir", "Problem", "Utterance", "check_data_dir"]


@dataclass(frozen=True, slots=True)
class Utterance:
    """One utterance: a whole recording, or the part of one between two times.

    Attributes:
        id: the utterance-id.
        speaker: the speaker-id.
        recording: the recording-id.
        channel: counts from 0; None if no file names a channel.
        start_seconds: None without ``segments``.
        end_seconds: None without ``segments``, or if the segment lasts until the recording's end.
        words: the transcript; None without one.
        speed: the factor by which the recording is sped up. Times are measured after the change of speed.
    """

    id: str
    speaker: str
    recording: str
    channel: int | None = None
    start_seconds: float | None = None
    end_seconds: float | None = None
    words: tuple[str, ...] | None = None
    speed: float = 1.0


@dataclass(frozen=True)
class DataDir:
    """The utterances of a data directory and where their audio is.

    Attributes:
        path: the folder.
        utterances: sorted by utterance-id.
        recordings: the entry of ``wav.scp`` for every recording-id. As in Kaldi, relative paths start from the current
            folder.
        reco2file_and_channel: for a recording-id, the file's name and the channel that a CTM file uses.
        allow_pipes: whether commands in ``wav.scp`` may run.
    """

    path: Path
    utterances: Sequence[Utterance]
    recordings: Mapping[str, str]
    reco2file_and_channel: dict[str, tuple[str, str]] = field(default_factory=dict)
    allow_pipes: bool = False

    @classmethod
    def read(cls, path: str | Path, *, need_text: bool = False, allow_pipes: bool = False) -> DataDir:
        """Read a data directory.

        Raises:
            DataError: it cannot be used; reports the first problem, with file and line, and the number of others.
        """
        files = read_data_files(Path(path), need_text=need_text, allow_pipes=allow_pipes)
        fatal = [problem for problem in files.problems if problem.fatal]
        if fatal:
            error = fatal[0].error()
            if len(fatal) > 1:
                options = "--need-text " * need_text + "--allow-pipes " * allow_pipes
                more = f"{error.message} (and {len(fatal) - 1} more: blasr data check {options}{path})"
                error = DataError(more, path=error.path, line=error.line, fix=error.fix)
            raise error
        return _join(files, allow_pipes)

    def __len__(self) -> int:
        return len(self.utterances)

    def subset(self, ids: Collection[str]) -> DataDir:
        """Return a directory with only these utterances and their recordings.

        Raises:
            DataError: one of ``ids`` is missing.
        """
        wanted = set(ids)
        chosen = tuple(utterance for utterance in self.utterances if utterance.id in wanted)
        if len(chosen) < len(wanted):
            absent = min(wanted - {utterance.id for utterance in chosen})
            missing = len(wanted) - len(chosen)
            raise DataError(f"{missing} of the requested utterances are missing, first {absent}", path=self.path)
        used = {utterance.recording for utterance in chosen}
        return dataclasses.replace(
            self,
            utterances=chosen,
            recordings={key: value for key, value in self.recordings.items() if key in used},
            reco2file_and_channel={key: value for key, value in self.reco2file_and_channel.items() if key in used},
        )

    def speakers(self) -> dict[str, tuple[Utterance, ...]]:
        """Return the utterances of every speaker, with the speakers sorted (the content of ``spk2utt``)."""
        groups: dict[str, list[Utterance]] = {}
        for utterance in self.utterances:
            groups.setdefault(utterance.speaker, []).append(utterance)
        return {speaker: tuple(groups[speaker]) for speaker in sorted(groups)}

    def read_audio(self, utterance: Utterance, sample_rate: int | None = None) -> tuple[FloatArray, int]:
        """Return the samples ``(N,)`` of an utterance in 16-bit range, before its change of speed, and the sample rate.

        Raises:
            DataError: see :func:`blasr.io.audio.read_segment`; it names the utterance and the file.
        """
        samples, rate, place = self.read_surrounded_audio(utterance, 0, sample_rate)
        return samples[place], rate

    def read_surrounded_audio(
        self, utterance: Utterance, margin_samples: int, sample_rate: int | None = None
    ) -> tuple[FloatArray, int, slice]:
        """Return an utterance's samples with up to ``margin_samples`` before and after it.

        Returns:
            the samples; the sample rate; and the place of the utterance in the samples.

        Raises:
            DataError: see :func:`blasr.io.audio.read_segment`; it names the utterance and the file.
        """
        return read_segment(
            self.recordings[utterance.recording],
            AudioSelection(
                utterance.start_seconds,
                utterance.end_seconds,
                channel=utterance.channel,
                mono_has_any_channel=utterance.recording in self.reco2file_and_channel,
                sample_rate=sample_rate,
            ),
            margin_samples=margin_samples,
            utterance=utterance.id,
            allow_pipes=self.allow_pipes,
        )

    def seconds(self) -> float:
        """Return the total duration of the utterances; without times, the headers of the recordings are read.

        Raises:
            DataError: a recording cannot be opened.
        """
        total = 0.0
        for utterance in self.utterances:
            end = utterance.end_seconds
            if end is None:
                end = audio_info(self.recordings[utterance.recording], allow_pipes=self.allow_pipes).seconds
            total += end - (utterance.start_seconds or 0.0)
        return total

    def write(self, path: str | Path) -> None:
        """Write the directory's files, ``spk2utt`` included, into ``path``; each is sorted and written whole.

        If these utterances have no segments or no transcripts, an old ``segments`` or ``text`` is removed from
        ``path``. Other files there are not touched.
        """
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        utterances = self.utterances
        has_segments = any(utterance.start_seconds is not None for utterance in utterances)
        tables: dict[str, Iterable[tuple[str, str]]] = {
            "wav.scp": self.recordings.items(),
            "segments": ((item.id, self._segment_fields(item)) for item in utterances if has_segments),
            "text": ((item.id, " ".join(item.words)) for item in utterances if item.words is not None),
            "utt2spk": ((item.id, item.speaker) for item in utterances),
            "spk2utt": ((name, " ".join(item.id for item in items)) for name, items in self.speakers().items()),
            "reco2file_and_channel": ((key, " ".join(side)) for key, side in self.reco2file_and_channel.items()),
        }
        for name, rows in tables.items():
            lines = [f"{key} {value}".rstrip(" ") + "\n" for key, value in sorted(rows)]
            if lines:
                with atomic_open(path / name, "w") as stream:
                    stream.writelines(lines)
            else:
                (path / name).unlink(missing_ok=True)

    def _segment_fields(self, utterance: Utterance) -> str:
        end = -1 if utterance.end_seconds is None else utterance.end_seconds
        fields = [utterance.recording, repr(utterance.start_seconds or 0.0), repr(end)]
        if utterance.channel is not None and utterance.recording not in self.reco2file_and_channel:
            fields.append(str(utterance.channel))
        return " ".join(fields)


def check_data_dir(
    path: str | Path, *, need_text: bool = False, allow_pipes: bool = False, open_audio: bool = False
) -> list[Problem]:
    """Return every problem of a data directory; with ``open_audio``, also those of the audio files."""
    files = read_data_files(Path(path), need_text=need_text, allow_pipes=allow_pipes)
    check_for_kaldi(files)
    check_audio(files, open_audio=open_audio, allow_pipes=allow_pipes)
    return files.problems


def _join(files: DataFiles, allow_pipes: bool) -> DataDir:
    tables = files.tables
    speakers, texts = tables["utt2spk"], tables.get("text", {})
    sides = {key: tuple(entry.value.split()) for key, entry in tables.get("reco2file_and_channel", {}).items()}
    segments = tables.get("segments")
    utterances = []
    known: dict[str, str] = {}  # one object for each name, however many utterances have it
    for utterance, entry in sorted((tables["wav.scp"] if segments is None else segments).items()):
        recording, start, end, channel = utterance, None, None, None
        if segments is not None:
            recording, start, end, channel = parse_segment(entry.value)
            recording = known.setdefault(recording, recording)
        if channel is None and recording in sides:
            channel = parse_channel(sides[recording][1])
        words = tuple(split_fields(texts[utterance].value)) if utterance in texts else None
        speed = RecordingEntry.parse(tables["wav.scp"][recording].value).speed
        speaker = known.setdefault(speakers[utterance].value, speakers[utterance].value)
        utterances.append(Utterance(utterance, speaker, recording, channel, start, end, words, speed))
    return DataDir(
        path=files.path,
        utterances=tuple(utterances),
        recordings={key: entry.value for key, entry in sorted(tables["wav.scp"].items())},
        reco2file_and_channel={key: (side[0], side[1]) for key, side in sides.items()},
        allow_pipes=allow_pipes,
    )
