"""The state of any torch optimizer as named tensors and JSON, so that a checkpoint needs no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from blasr.errors import MismatchError

_TENSOR: Final = "tensor"
_TUPLE: Final = "tuple"


def optimizer_state(module: nn.Module, optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensor], str]:
    """Return the whole state of ``optimizer``.

    Args:
        module: names the parameters that ``optimizer`` updates.
        optimizer: any optimizer with a ``state_dict`` of tensors, numbers, strings and containers of them.

    Returns:
        Tensors called ``state.PARAMETER.KEY``, and a JSON object with the optimizer's ``class``, its parameter
        ``groups`` and the ``state`` of every parameter, in which tensors are replaced by their names.
    """
    names = _parameter_names(module, optimizer)
    content = optimizer.state_dict()
    tensors: dict[str, Tensor] = {}
    state = {
        names[index]: _encode(values, f"state.{names[index]}", tensors) for index, values in content["state"].items()
    }
    groups = [
        _encode({**group, "params": [names[index] for index in group["params"]]}, f"groups.{number}", tensors)
        for number, group in enumerate(content["param_groups"])
    ]
    return tensors, json.dumps({"class": type(optimizer).__name__, "groups": groups, "state": state})


def load_optimizer_state(
    module: nn.Module, optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor], text: str, path: Path
) -> None:
    """Restore what :func:`optimizer_state` returned.

    Raises:
        MismatchError: the state belongs to another class of optimizer, or to other groups of parameters.
    """
    content = json.loads(text)
    if content["class"] != type(optimizer).__name__:
        raise MismatchError(
            f"contains the state of the optimizer {content['class']}, found {type(optimizer).__name__} now",
            path=path,
            fix="resume with the optimizer that the run was started with",
        )
    index = {name: number for number, name in enumerate(_parameter_names(module, optimizer))}
    groups = [_decode(group, tensors) for group in content["groups"]]
    found = [group["params"] for group in groups]
    expected = [group["params"] for group in _named_groups(module, optimizer)]
    if found != expected:
        raise MismatchError("contains the state of an optimizer with other parameters", path=path)
    optimizer.load_state_dict(
        {
            "param_groups": [{**group, "params": [index[name] for name in group["params"]]} for group in groups],
            "state": {index[name]: _decode(values, tensors) for name, values in content["state"].items()},
        }
    )
    for parameter, values in optimizer.state.items():
        for key, value in values.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:  # in the parameter's memory format
                values[key] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def load_momentum(
    module: nn.Module, optimizer: torch.optim.Optimizer, momentum: Mapping[str, Tensor], path: Path
) -> None:
    """Restore the momentum in a checkpoint of the first version, which kept nothing else of the optimizer.

    Raises:
        MismatchError: the optimizer is not SGD, the only one in that version.
    """
    if not isinstance(optimizer, torch.optim.SGD):
        raise MismatchError(
            f"contains the momentum of SGD, found the optimizer {type(optimizer).__name__} now",
            path=path,
            fix="resume with SGD",
        )
    for name, parameter in module.named_parameters():
        if name in momentum:
            optimizer.state[parameter]["momentum_buffer"] = torch.empty_like(parameter).copy_(momentum[name])


def _named_groups(module: nn.Module, optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    names = {parameter: name for name, parameter in module.named_parameters()}
    return [
        {**group, "params": [names[parameter] for parameter in group["params"]]} for group in optimizer.param_groups
    ]


def _parameter_names(module: nn.Module, optimizer: torch.optim.Optimizer) -> list[str]:
    """Return the names of the optimizer's parameters in the order in which its ``state_dict`` numbers them."""
    return [name for group in _named_groups(module, optimizer) for name in group["params"]]


def _encode(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """Return ``value`` as JSON values; every tensor goes to ``tensors`` under a name that starts with ``name``."""
    if isinstance(value, Tensor):
        tensors[name] = value
        return {_TENSOR: name}
    if isinstance(value, dict):
        return {key: _encode(item, f"{name}.{key}", tensors) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [_encode(item, f"{name}.{number}", tensors) for number, item in enumerate(value)]
        return {_TUPLE: items} if isinstance(value, tuple) else items
    return value


def _decode(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    """Return the value that :func:`_encode` was given."""
    if isinstance(value, list):
        return [_decode(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_TENSOR}:
        return tensors[value[_TENSOR]].clone()  # aligned as torch aligns: sums can depend on it in the last bit
    if value.keys() == {_TUPLE}:
        return tuple(_decode(item, tensors) for item in value[_TUPLE])
    return {key: _decode(item, tensors) for key, item in value.items()}
