"""Which device the course computes on, said plainly."""

import os

import torch


def device() -> torch.device:
    """The device to compute on: what `DESCENT_DEVICE` names, else the first GPU, else the CPU.

    returns  torch.device; Apple's `mps` only when named, since it has no float64
    raises   ValueError if `DESCENT_DEVICE` names a device that this machine does not have
    """
    wanted = os.environ.get("DESCENT_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=wanted).device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"DESCENT_DEVICE must name a device of this machine, got {wanted!r} ({error}): "
            "unset it, or set it to cpu"
        ) from None


def describe(chosen: torch.device | None = None) -> str:
    """One sentence that says where the computation runs.

    chosen   device, by default that of `device()`
    returns  text, the same on all machines whose device is a CPU
    """
    chosen = chosen or device()
    if chosen.type == "cuda":
        return f"Computing on the GPU: {torch.cuda.get_device_name(chosen)}."
    if chosen.type == "mps":
        return "Computing on the GPU of this Mac (mps)."
    return "Computing on the CPU: everything works, training takes a little longer than on a GPU."
