"""The statistics that normalize each speaker's features, collected by one pass over a data directory."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from blasr.data.data_dir import DataDir
from blasr.errors import UTTERANCE_ERRORS, DataError
from blasr.features.cmvn import CmvnStats
from blasr.features.config import FeatureConfig
from blasr.features.perturbation import UNCHANGED, Perturbation
from blasr.features.static_features import StaticFeatures
from blasr.progress import track
from blasr.tally import Tally
from blasr.threads import one_torch_thread

logger = logging.getLogger(__name__)


class Voice(NamedTuple):
    """A speaker under a perturbation without gain."""

    speaker: str
    perturbation: Perturbation = UNCHANGED


@dataclass(frozen=True)
class SpeakerStats:
    """CMVN statistics of each voice: a speaker, unperturbed or under a perturbation.

    Perturbed speech is normalized by statistics of all of the speaker's utterances under the same perturbation. Speed
    and warp make another voice with another mean spectrum. Like a new speaker, it is normalized by its own statistics
    (speed-perturbed speakers are separate speakers in Kaldi too). The statistics of the unperturbed voice would leave
    an offset of up to 1 standard deviation of the log-mel features, which no test speaker has.
    """

    by_voice: Mapping[Voice, CmvnStats] = field(default_factory=dict)

    @classmethod
    def of_speakers(cls, stats: Mapping[str, CmvnStats]) -> SpeakerStats:
        """Wrap the statistics of unperturbed speakers, as :func:`blasr.features.cmvn.read_cmvn_stats` returns them.

        One set of statistics for all speakers is ``dict.fromkeys(speakers, stats)``.
        """
        return cls({Voice(speaker): item for speaker, item in stats.items()})

    def speakers(self) -> dict[str, CmvnStats]:
        """Return the statistics of the unperturbed speakers."""
        return {voice.speaker: item for voice, item in self.by_voice.items() if voice.perturbation == UNCHANGED}

    def of(self, speaker: str, perturbation: Perturbation = UNCHANGED) -> CmvnStats:
        """Return the statistics of one voice; the gain is ignored.

        Raises:
            DataError: the voice has no statistics.
        """
        stats = self.by_voice.get(Voice(speaker, perturbation.voice))
        if stats is None:
            how = "" if perturbation.voice == UNCHANGED else f" under {perturbation.voice}"
            raise DataError(
                f"has no frames of speaker {speaker}{how} to compute statistics from",
                fix="normalize by utterance, or give statistics",
            )
        return stats


@one_torch_thread()
def collect_speaker_stats(
    config: FeatureConfig, data_dir: DataDir, voices: Sequence[Perturbation] = (UNCHANGED,)
) -> SpeakerStats:
    """Collect the statistics of every speaker's features before normalization, by one pass over the audio.

    A speaker without frames has no statistics. If ``config.cmvn`` is not ``speaker``, no audio is read and there are no
    statistics at all.

    Args:
        config: the configuration of the features.
        data_dir: the speakers and their utterances.
        voices: the perturbations of each speaker.

    Utterances whose audio cannot be used are left out, counted and logged.
    """
    if config.cmvn != "speaker":
        return SpeakerStats()
    static = StaticFeatures(config, data_dir)
    voices = list(dict.fromkeys(perturbation.voice for perturbation in voices))
    stats: dict[Voice, CmvnStats] = {}
    tally = Tally("speaker statistics")
    listed = [utterance for utterances in data_dir.speakers().values() for utterance in utterances]
    for utterance in track(listed, "speaker statistics", total=len(listed)):
        try:
            for perturbation, features in zip(voices, static.compute_voices(utterance, voices), strict=True):
                voice = Voice(utterance.speaker, perturbation)
                stats.setdefault(voice, CmvnStats.zeros(static.dim)).accumulate(features)
            tally.keep()
        except UTTERANCE_ERRORS as error:
            tally.drop(utterance.id, error.reason)  # the stage that needs the utterance logs why
    if tally.dropped:
        logger.warning(tally.summary())
    return SpeakerStats(stats)
