from __future__ import annotations

import importlib
import inspect

import pytest

from blasr.cli.kaldi.tools import TOOLS


@pytest.mark.parametrize("name", TOOLS)
def test_the_function_of_a_tool_has_one_parameter_for_each_argument(name: str) -> None:
    module, _, function = TOOLS[name].run.partition(".")
    signature = inspect.signature(getattr(importlib.import_module(f"blasr.cli.kaldi.{module}"), function))
    assert set(signature.parameters) == {argument.parameter for argument in TOOLS[name].arguments}
    positional = [argument.parameter for argument in TOOLS[name].arguments if not argument.name.startswith("-")]
    assert list(signature.parameters)[: len(positional)] == positional
