"""The data of a training run and its fingerprints, for the record of the run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from blasr.inference import file_entry
from blasr.pipeline.corpus import Corpus
from blasr.vision import LabeledImages

DATA_TABLES: Final = ("wav.scp", "segments", "reco2file_and_channel", "utt2spk", "cmvn.scp")
"""The files of a data directory that decide what is trained on."""


def describe_inputs(
    corpus: Corpus, initialize_from: Path | None = None, audio_lists: Sequence[Path] = ()
) -> dict[str, Any]:
    """Return the data directories, labels and models that an acoustic model is trained from.

    Args:
        corpus: the training data and the held-out data.
        initialize_from: the experiment that the first weights come from.
        audio_lists: the lists of noises and the like that the augmentation reads.
    """
    entries: dict[str, Any] = {}
    for name, data in (("train", corpus.train), ("valid", corpus.valid)):
        if data is None:
            continue
        entries[name] = {
            "data": _data_entry(data.data_dir.path),
            "labels": {"dir": str(data.labels.source), "fingerprint": data.labels.fingerprint},
            "utterances": len(data.utterances),
            "frames": data.num_frames,
            "fingerprint": data.fingerprint(),
        }
    files = {name: corpus.alignments / name for name in ("final.mdl", "tree")}
    if initialize_from is not None:
        files["initial_weights"] = initialize_from / "final.safetensors"
    if audio_lists:
        entries["augmentation"] = [file_entry(path) for path in audio_lists]
    return entries | {name: file_entry(path) for name, path in files.items() if path.is_file()}


def _data_entry(path: Path) -> dict[str, str]:
    """Return a data directory and the SHA-256 of its tables; audio is not read."""
    files = {name: path / name for name in DATA_TABLES}
    return {"dir": str(path)} | {name: file_entry(file)["sha256"] for name, file in files.items() if file.is_file()}


def describe_images(
    train: LabeledImages, valid: LabeledImages | None, initialize_from: Path | None = None
) -> dict[str, Any]:
    """Return the numbers of images and classes that an image model is trained on, with fingerprints.

    Args:
        train: the images to train on.
        valid: the images that are held out.
        initialize_from: the experiment that the first weights come from.
    """
    parts = (("train", train), ("valid", valid))
    entries: dict[str, Any] = {name: _image_entry(images) for name, images in parts if images is not None}
    if initialize_from is not None:
        entries["initial_weights"] = file_entry(initialize_from / "final.safetensors")
    return entries


def _image_entry(images: LabeledImages) -> dict[str, Any]:
    digest = hashlib.sha256("\n".join(images.classes).encode())
    for index in range(len(images)):
        digest.update(f"{images.name(index)} {images.label(index)}\n".encode())
    return {"images": len(images), "classes": len(images.classes), "fingerprint": digest.hexdigest()[:16]}
