"""Log-likelihoods of a data directory by the GMMs of an alignment directory, as Kaldi archives."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from blasr import __version__
from blasr.align.gmm_likelihoods import FEATURE_FILE, gmm_log_likelihoods, read_feature_config, read_gmms
from blasr.data.data_dir import DataDir
from blasr.features.extraction import FeatureExtractor
from blasr.features.fbank import TooShortError
from blasr.features.speaker_stats import collect_speaker_stats
from blasr.inference import write_dump
from blasr.inference.manifest import data_entry, file_entry
from blasr.pipeline.preflight import check_sample_rate
from blasr.progress import track
from blasr.tally import Tally
from blasr.units import FloatArray

logger = logging.getLogger(__name__)


def dump_gmm(model_dir: Path, data: Path, out: Path, *, max_loss: float = 0.05, allow_pipes: bool = False) -> Tally:
    """Write ``loglikes.ark``, ``loglikes.scp`` and ``manifest.json`` of a data directory into ``out``.

    The values are ``log p(x|s)`` themselves: no priors are taken off.

    Args:
        model_dir: that ``blasr align`` wrote.
        data: a Kaldi data directory.
        out: a folder, made where absent.
        max_loss: the greatest share of utterances that may be dropped.
        allow_pipes: whether commands in ``wav.scp`` may run.

    Raises:
        MismatchError: ``final.mdl`` has no GMMs, or GMMs over other features.
        DataError: no utterances, unreadable audio, too many utterances dropped.
    """
    num_pdfs = read_gmms(model_dir).num_pdfs
    config = read_feature_config(model_dir)
    data_dir = DataDir.read(data, allow_pipes=allow_pipes)
    check_sample_rate(data_dir, config.sample_rate, str(model_dir / FEATURE_FILE))
    extractor = FeatureExtractor(config, data_dir, collect_speaker_stats(config, data_dir))
    tally = Tally("dump", max_loss)

    def matrices() -> Iterator[tuple[str, FloatArray, int]]:
        for utterance in track(data_dir.utterances, "log-likelihoods", total=len(data_dir.utterances)):
            try:
                matrix = gmm_log_likelihoods(model_dir, extractor, utterance)
            except TooShortError:
                tally.drop(utterance.id, "too short for one frame")
                continue
            yield utterance.id, matrix, len(matrix)

    write_dump(
        out,
        matrices(),
        num_pdfs=num_pdfs,
        asked=len(data_dir.utterances),
        tally=tally,
        manifest={
            "values": "log p(x|s) of the Gaussian mixtures",
            "blasr": __version__,
            "data": data_entry(data_dir),
            "model": file_entry(model_dir / "final.mdl"),
            **({"tree": file_entry(tree)} if (tree := model_dir / "tree").is_file() else {}),
            "cmvn": {"of": config.cmvn, "variances": config.norm_vars},
        },
    )
    logger.info("%s", tally.summary())
    logger.info("written: %s", out / "loglikes.ark")
    return tally
