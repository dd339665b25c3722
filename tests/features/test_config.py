from __future__ import annotations

import pytest

from blasr.config import parse_config, to_mapping
from blasr.errors import ConfigError
from blasr.features.config import FeatureConfig, MfccConfig


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("sample_rate", 10, "sample_rate: found 10"),
        ("num_mel_bins", 2, "num_mel_bins: found 2"),
        ("frame_shift_ms", 0.0, "frame_shift_ms: found 0.0"),
        ("frame_length_ms", -1.0, "frame_length_ms: found -1.0"),
        ("low_freq", 3950.0, "low_freq and high_freq: found 3950.0 and -100.0"),
        ("high_freq", 4001.0, "low_freq and high_freq: found 20.0 and 4001.0"),
        ("preemphasis", 2.0, "preemphasis: found 2.0"),
        ("dither", -1.0, "dither: found -1.0"),
        ("delta_window", 0, "delta_window: found 0"),
        ("cmvn", "sliding", "cmvn: found 'sliding', expected one of speaker, utterance, online, none"),
        ("num_mel_bin", 3, "did you mean num_mel_bins"),
    ],
)
def test_wrong_values_are_refused(key: str, value: object, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(FeatureConfig, {key: value})
    assert message in str(caught.value)


def test_cepstra_beyond_the_bins_are_refused() -> None:
    with pytest.raises(ConfigError, match="num_ceps: found 24"):
        MfccConfig(num_ceps=24)


def test_frames_in_samples() -> None:
    config = FeatureConfig(sample_rate=11025)
    assert (config.frame_length_samples, config.frame_shift_samples, config.fft_samples) == (275, 110, 512)
    assert FeatureConfig(sample_rate=16000).fft_samples == 512
    assert FeatureConfig(frame_length_ms=32.0).fft_samples == 256  # a power of two is kept


def test_round_trip_through_a_mapping() -> None:
    config = MfccConfig(sample_rate=16000, num_ceps=20)
    assert parse_config(MfccConfig, to_mapping(config)) == config
