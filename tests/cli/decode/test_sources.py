"""Options that do not go together are refused before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.cli.decode.sources import NetworkOptions, archive_source, network_source
from blasr.errors import ConfigError


@pytest.mark.parametrize(
    ("network", "name"),
    [
        (NetworkOptions(experiment=Path("exp")), "--experiment"),
        (NetworkOptions(checkpoint="epoch2"), "--checkpoint"),
        (NetworkOptions(prior_scale=0.8), "--prior-scale"),
        (NetworkOptions(setting=Path("setting.json")), "--setting"),
        (NetworkOptions(device="cpu"), "--device"),
        (NetworkOptions(allow_pipes=True), "--allow-pipes"),
    ],
)
def test_an_archive_takes_no_option_of_a_network(network: NetworkOptions, name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is for a network"):
        archive_source("ark:loglikes.ark", Path("final.mdl"), None, network)


def test_an_archive_needs_a_model() -> None:
    with pytest.raises(ConfigError, match=r"--loglikes needs the final\.mdl"):
        archive_source("ark:loglikes.ark", None, None, NetworkOptions())


def test_audio_needs_a_network() -> None:
    with pytest.raises(ConfigError, match="needs a network"):
        network_source(Path("data"), None, None, NetworkOptions())
