#!/usr/bin/python3
"""Writes ../signatures.json: the parameter lists of PyTorch's public functions, methods and classes, as PyTorch states them.

Run with PyTorch 1.13 (Debian: apt-get install python3-torch; /usr/bin/python3 conformance/scripts/signatures.py).
Compiled functions: torch._C._jit_get_all_schemas(), under their bare names (special_erf, linalg_norm, sum).
Python functions and classes: inspect.signature, under their paths below torch (nn.functional.dropout, nn.Linear).
"""
import inspect
import json
import pathlib
import re

import torch
import torch.masked
import torch.nn.functional
import torch.optim.swa_utils
import torch.utils.data

MODULES = {
    "": torch,
    "Tensor": torch.Tensor,
    "autograd": torch.autograd,
    "fft": torch.fft,
    "linalg": torch.linalg,
    "masked": torch.masked,
    "nn": torch.nn,
    "nn.functional": torch.nn.functional,
    "nn.init": torch.nn.init,
    "nn.utils": torch.nn.utils,
    "nn.utils.rnn": torch.nn.utils.rnn,
    "optim": torch.optim,
    "optim.lr_scheduler": torch.optim.lr_scheduler,
    "optim.swa_utils": torch.optim.swa_utils,
    "signal": torch.signal if hasattr(torch, "signal") else None,
    "special": torch.special,
    "utils.data": torch.utils.data,
}


def of_python(owner, name, value):
    """Parameters of a Python function or class, or None."""
    # max_pool2d and its like choose between two functions; the one without indices shows the parameters.
    if "boolean_dispatch" in getattr(value, "__qualname__", "") and hasattr(owner, "_" + name):
        value = getattr(owner, "_" + name)
    try:
        parameters = list(inspect.signature(value).parameters.values())
        # RNN, LSTM and GRU hand everything on to their base, after the name of the cell.
        if any(p.kind == p.VAR_KEYWORD for p in parameters) and inspect.isclass(value):
            parameters = [p for p in inspect.signature(value.__base__).parameters.values() if p.name != "mode"]
    except (TypeError, ValueError):
        return None
    if any(p.kind == p.VAR_KEYWORD for p in parameters):
        return None
    parts, keyword_only = [], False
    for p in parameters:
        if p.name == "self" and inspect.isclass(value):
            continue
        if p.kind == p.VAR_POSITIONAL:
            parts.append("*" + p.name)
            keyword_only = True
            continue
        if p.kind == p.KEYWORD_ONLY and not keyword_only:
            parts.append("*")
            keyword_only = True
        default = "" if p.default is p.empty else "=" + re.sub(r"<.*>", "...", repr(p.default))
        parts.append(p.name + default)
    return "(" + ", ".join(parts) + ")"


def compiled(names):
    """Schemas of compiled functions by bare name: no out= and named-dimension forms, nothing that takes no tensors."""
    found = {}
    for schema in torch._C._jit_get_all_schemas():
        namespace, _, name = schema.name.partition("::")
        overload = schema.overload_name
        if namespace != "aten" or name not in names:
            continue
        arguments = [(a.name, str(a.type)) for a in schema.arguments]
        text = re.sub(r"^aten::[^(]*", "", str(schema))
        if any(n == "out" for n, _ in arguments) or "names" in overload or "Dimname" in overload:
            continue
        if re.search(r"str\[\d*\]|\bt\[\] |Dict|Future|hacked|complex ", text) or overload.startswith("prim_"):
            continue
        # TorchScript's own functions of Python numbers, lists and strings.
        if not any("Tensor" in t for _, t in arguments) and arguments[:1] and arguments[0][0] in ("a", "b", "l", "self", "string", "x"):
            continue
        text = re.sub(r"\((\w+)?!?(\s*->\s*\*)?(\|\w+)?\)(?=[\]?\[ ])", "", text.split(") -> ")[0] + ")")
        text = text.replace("SymInt", "int")
        found.setdefault(name, []).append(text)
    return found


def main():
    result, reachable = {}, set()
    for path, module in MODULES.items():
        if module is None:
            continue
        for name in sorted(dir(module)):
            value = getattr(module, name, None)
            if name.startswith("__") or not callable(value):
                continue
            home = getattr(value, "__module__", "") or ""
            if inspect.isclass(value) and (not path or not home.startswith("torch.") or path in ("Tensor", "nn.functional")):
                continue
            text = of_python(module, name, value)
            if text is not None and not name.startswith("_") and home.startswith("torch"):
                result[f"{path}.{name}".lstrip(".")] = [text]
            if path == "nn" and inspect.isclass(value) and issubclass(value, torch.nn.Module):
                forward = of_python(value, "forward", value.forward)
                if forward is not None:
                    result[f"nn.{name}.forward"] = [forward.replace("(self, ", "(").replace("(self)", "()")]
            reachable.update({name, f"{path}_{name}"})
    reachable.add("slice")  # called as torch.ops.aten.slice
    # Where Python wraps a compiled function, its parameters are the ones that users see.
    result = {**compiled(reachable), **result}
    lines = [f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(result.items())]
    target = pathlib.Path(__file__).resolve().parent.parent / "signatures.json"
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(result)} names in {target}")


if __name__ == "__main__":
    main()
