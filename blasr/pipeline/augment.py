"""Augmented audio as files, so that a person can listen to what a training would hear."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import numpy as np
import soundfile
import torch

from blasr.augmentation import Augmenter, Changes, TrainingSpeech
from blasr.chunks import random_state
from blasr.data import DataDir, Utterance
from blasr.errors import UTTERANCE_ERRORS, DataError
from blasr.features import Perturbation, StaticFeatures
from blasr.io.atomic import atomic_dir
from blasr.pipeline.config import AudibleConfig
from blasr.progress import track
from blasr.tally import Tally
from blasr.threads import one_torch_thread


def write_augmented(
    config: AudibleConfig,
    data_dir: DataDir,
    out: Path,
    *,
    epoch: int = 1,
    num_utterances: int | None = None,
    max_loss: float = 0.05,
) -> Tally:
    """Write a data directory with the audio that a training hears in one epoch, if it joins no utterances.

    ``changes.txt`` lists what was drawn. Warps of the mel filters and masks are in it too, but cannot be heard.

    Args:
        config: the features, for their sample rate, and the augmentation with its seed.
        data_dir: the utterances.
        out: a new or empty folder: ``wav/*.wav``, ``wav.scp``, ``utt2spk``, ``spk2utt`` and ``text``.
        epoch: from 1.
        num_utterances: how many utterances, evenly spread over the directory; None for all.
        max_loss: the largest share of utterances that may be dropped.

    Raises:
        DataError: ``out`` is not empty, too many utterances have unusable audio, or a list of audio is missing.
        ConfigError: a codec is not installed.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError("exists and is not empty", path=out, fix="name a new folder")
    rate, tally = config.features.sample_rate, Tally("augment", max_loss)
    augmenter = Augmenter(
        config.augmentation,
        rate,
        lambda: TrainingSpeech(data_dir, data_dir.utterances, rate),
        allow_pipes=data_dir.allow_pipes,
    )
    static = StaticFeatures(config.features, data_dir)
    chosen = data_dir.utterances
    if num_utterances is not None and num_utterances < len(chosen):
        chosen = tuple(chosen[index * len(chosen) // num_utterances] for index in range(num_utterances))
    written, lines = [], []
    with atomic_dir(out) as folder, one_torch_thread():
        (folder / "wav").mkdir()
        for utterance in track(chosen, "augment", len(chosen)):
            random = random_state(config.seed, epoch, utterance.id)
            random.integers(2**31)  # the seed of the dither, which training draws first
            changes = augmenter.draw(random)
            try:
                samples, _ = static.waveform(utterance, _perturbation(changes))
            except UTTERANCE_ERRORS as error:
                tally.drop_error(utterance.id, error)
                continue
            samples = changes.change_waveform(samples, utterance.id)
            pcm = np.clip(torch.round(samples).numpy(), -32768, 32767).astype(np.int16)
            soundfile.write(folder / "wav" / _file_name(utterance), pcm, rate)
            tally.keep()
            written.append(Utterance(utterance.id, utterance.speaker, utterance.id, words=utterance.words))
            lines.append(f"{utterance.id} {describe_changes(changes)}\n")
        tally.check()
        recordings = {item.id: str((out / "wav" / _file_name(item)).absolute()) for item in written}
        DataDir(out, tuple(written), recordings).write(folder)
        (folder / "changes.txt").write_text("".join(lines), encoding="utf-8")
    return tally


def describe_changes(changes: Changes) -> str:
    """Return what was drawn as one line."""
    parts = [f"speed {changes.speed:g}", f"warp {changes.vtln_warp:g}", f"gain {changes.gain_db:+.1f} dB"]
    parts += [type(transform).__name__ for transform, _ in changes.waveform]
    return ", ".join([*parts, *("masks" for _ in changes.masks)])


def _perturbation(changes: Changes) -> Perturbation:
    return Perturbation(changes.speed, changes.vtln_warp, changes.gain_db)


def _file_name(utterance: Utterance) -> str:
    return f"{quote(utterance.id, safe='')}.wav"
