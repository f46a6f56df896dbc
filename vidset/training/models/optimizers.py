"""PyTorch's Adam, without the import of its compiler."""

from inspect import unwrap
from typing import Any

import torch

_step = unwrap(torch.optim.Adam.step)


class Adam(torch.optim.Adam):
    """The same optimizer, with which a process starts in half the time.

    PyTorch decorates these methods to keep its compiler out of them, and for that imports it when
    one of them is first called: some 3 s of CPU for what is not used here.
    """

    add_param_group = unwrap(torch.optim.Adam.add_param_group)
    load_state_dict = unwrap(torch.optim.Adam.load_state_dict)
    state_dict = unwrap(torch.optim.Adam.state_dict)
    zero_grad = unwrap(torch.optim.Adam.zero_grad)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        return _step(self, closure)
