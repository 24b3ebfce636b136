"""Records further cases of PyTorch's own test database (OpInfo), in the format of fixtures/README.md.

    python3 conformance/scripts/record.py OUT_DIR [--seed N] [--ops a,b] [--limit N]

Each op of conformance/fixtures/opinfo is asked for its samples with another seed than the committed ones, so the
inputs differ. `npm run conformance -- --fixtures OUT_DIR` then runs them. Needs PyTorch 1.13 (Debian's python3-torch).
"""

import argparse
import json
import math
import sys
import types
import unittest
import warnings
from pathlib import Path

# torch.testing's modules import this package for a base class and a flag.
stub = types.ModuleType("expecttest")
stub.TestCase, stub.ACCEPT = unittest.TestCase, False
sys.modules.setdefault("expecttest", stub)

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402
from torch.testing._internal.opinfo.core import SampleInput  # noqa: E402

warnings.filterwarnings("ignore")
# embedding_bag takes its arguments in either order, and says so.
warnings.filterwarnings("error", message="Argument order")
torch.set_num_threads(1)

LIMIT = 512
HERE = Path(__file__).resolve().parent.parent
DTYPES = {torch.float32: "float32", torch.int64: "int64", torch.int32: "int32", torch.bool: "bool"}


class Skip(Exception):
    """A value that the format has no place for."""


def number(x):
    if isinstance(x, float) and not math.isfinite(x):
        return "nan" if math.isnan(x) else "inf" if x > 0 else "-inf"
    return x


def element(x, dtype):
    if dtype == torch.float32:
        if not math.isfinite(x):
            return number(float(x))
        short = float(np.format_float_positional(np.float32(x), unique=True, trim="-")) if x else x
        return int(short) if short.is_integer() and abs(short) < 2**53 and not (short == 0 and math.copysign(1, short) < 0) else short
    if dtype in (torch.int64, torch.int32) and abs(x) > 2**53:
        return str(x)
    return x


def encode(v):
    if v is None or isinstance(v, (bool, str)):
        return v
    if isinstance(v, torch.Size):
        return {"$tuple": [encode(x) for x in v]}
    if isinstance(v, (int, np.integer)):
        return int(v) if abs(v) < 2**53 else {"$int": str(v)}
    if isinstance(v, (float, np.floating)):
        return {"$float": number(float(v))}
    if isinstance(v, torch.Tensor):
        if v.dtype not in DTYPES or v.numel() > LIMIT or v.is_sparse:
            raise Skip(f"tensor {v.dtype} {tuple(v.shape)}")
        out = {"shape": list(v.shape), "dtype": DTYPES[v.dtype],
               "data": [element(x, v.dtype) for x in v.detach().reshape(-1).tolist()]}
        if v.requires_grad:
            out["requires_grad"] = True
        return out
    if isinstance(v, list):
        return [encode(x) for x in v]
    if isinstance(v, tuple):
        return {"$tuple": [encode(x) for x in v]}
    if isinstance(v, dict):
        return {"$dict": {k: encode(x) for k, x in v.items()}}
    if isinstance(v, slice):
        return {"$slice": [v.start, v.stop, v.step]}
    if v is Ellipsis:
        return {"$ellipsis": True}
    if isinstance(v, torch.dtype):
        return {"$dtype": str(v).removeprefix("torch.")}
    if isinstance(v, torch.device):
        return {"$device": "cpu"}
    if isinstance(v, torch.layout):
        return {"$layout": "strided"}
    if isinstance(v, torch.memory_format):
        return {"$memory_format": str(v).removeprefix("torch.")}
    raise Skip(f"argument of type {type(v).__name__}")


def tensors(v):
    """Tensors of arguments or results, depth first."""
    if isinstance(v, torch.Tensor):
        return [v]
    if isinstance(v, (list, tuple)):
        return [t for x in v for t in tensors(x)]
    if isinstance(v, dict):
        return [t for x in v.values() for t in tensors(x)]
    return []


def rebuild(v, f):
    """The same arguments with every tensor t replaced by f(t)."""
    if isinstance(v, torch.Tensor):
        return f(v)
    if isinstance(v, (list, tuple)) and not isinstance(v, torch.Size):
        return type(v)(rebuild(x, f) for x in v) if type(v) in (list, tuple) else v
    if isinstance(v, dict):
        return {k: rebuild(x, f) for k, x in v.items()}
    return v


def leaf(t, dtype=None):
    t = t.detach().clone()
    if dtype and t.is_floating_point():
        t = t.to(dtype)
    return t


def doubled(v):
    return torch.float64 if v == torch.float32 else v


def max_error(a, b):
    if a.numel() == 0:
        return 0
    a, b = a.double(), b.double()
    ok = torch.isfinite(a) & torch.isfinite(b)
    return float((a[ok] - b[ok]).abs().max()) if ok.any() else 0


def run(call, args, kwargs):
    return eval(call, {"torch": torch, "args": args, "kwargs": kwargs})


def out_type(y):
    if isinstance(y, torch.Tensor):
        return "tensor", [y]
    if isinstance(y, torch.Size):
        return "size", [y]
    if isinstance(y, tuple) and hasattr(y, "_fields") or type(y).__module__ == "torch.return_types":
        cls = type(y)
        names = [k for k in dir(cls) if isinstance(getattr(cls, k), types.MemberDescriptorType)]
        names = sorted(names, key=lambda k: next(i for i, x in enumerate(y) if x is getattr(y, k)))
        return "namedtuple:" + ",".join(names), list(y)
    if isinstance(y, tuple):
        return "tuple", list(y)
    if isinstance(y, list):
        return "list", y
    if isinstance(y, bool):
        return "bool", [y]
    if isinstance(y, int):
        return "int", [y]
    if isinstance(y, float):
        return "float", [y]
    if isinstance(y, torch.dtype):
        return "dtype", [y]
    raise Skip(f"result of type {type(y).__name__}")


def record(head, sample, reference, generator):
    args = [sample.input, *sample.args]
    # OpInfo calls some ops through wrappers that take the first two arguments the other way round.
    try:
        return record_call(head, args, args, dict(sample.kwargs), reference, generator)
    except Exception:
        if len(args) < 2:
            raise
        return record_call(head, [args[1], args[0], *args[2:]], args, dict(sample.kwargs), reference, generator)


def record_call(head, args, own_args, kwargs, reference, generator):
    call = head["call"]
    torch.manual_seed(7)
    expected = reference(*rebuild(own_args, leaf), **rebuild(kwargs, leaf))
    torch.manual_seed(7)
    with_grad = [leaf(t).requires_grad_(t.requires_grad) for t in tensors([args, kwargs])]
    it = iter(with_grad)
    a32, k32 = rebuild([args, kwargs], lambda _: next(it))
    # A method in place changes its argument, so each run has its own copies.
    plain = rebuild([args, kwargs], leaf)
    before = [t.clone() for t in tensors(plain)]
    y = run(call, *plain)
    kind, outs = out_type(y)
    kinds, wanted = out_type(expected)
    if len(outs) != len(wanted) or any(
        isinstance(p, torch.Tensor) and (not isinstance(q, torch.Tensor) or p.shape != q.shape or not torch.equal(torch.nan_to_num(p), torch.nan_to_num(q)))
        for p, q in zip(outs, wanted)
    ):
        raise Skip("called with other arguments, or random")
    case = {"op": head["op"], "variant": "", "source": "opinfo",
            "args": [encode(x) for x in a32], "kwargs": {k: encode(v) for k, v in k32.items()},
            "seed": 7, "out_type": kind, "out": [encode(x.detach() if isinstance(x, torch.Tensor) else x) for x in outs]}
    if "empty" in head["op"]:
        case["check"] = "shape"
        case["out"] = [{**x, "data": None} for x in case["out"]]
        return case
    after = tensors(plain)
    changed = {str(i): encode(t.detach()) for i, t in enumerate(after) if not torch.equal(torch.nan_to_num(t), torch.nan_to_num(before[i]))}
    if changed:
        case["inputs_after"] = changed
    try:
        torch.manual_seed(7)
        y64 = run(call, *rebuild([args, {k: doubled(v) for k, v in kwargs.items()}], lambda t: leaf(t, torch.float64)))
        case["out_maxerr"] = max([max_error(p, q) for p, q in zip(tensors(outs), tensors(out_type(y64)[1])) if p.is_floating_point() and p.shape == q.shape] or [0])
    except Exception:
        case["out_maxerr"] = 0
    if not head["autograd"] or not any(t.requires_grad for t in with_grad) or changed:
        return case
    finite = all(bool(torch.isfinite(t).all()) for t in tensors(outs) if t.is_floating_point())
    if not finite:
        return case
    grads = {}
    upstream = [torch.randint(-16, 17, t.shape, generator=generator) / 8 for t in tensors(outs)]
    for dtype in (torch.float64, torch.float32):
        torch.manual_seed(7)
        leaves = [leaf(t, dtype).requires_grad_(t.requires_grad) for t in with_grad]
        it = iter(leaves)
        a, k = rebuild([args, kwargs], lambda _: next(it))
        if dtype == torch.float64:
            k = {n: doubled(v) for n, v in k.items()}
        results = tensors(out_type(run(call, a, k))[1])
        pairs = [(r, g) for r, g in zip(results, upstream) if r.requires_grad]
        if not pairs:
            return case
        wrt = [t for t in leaves if t.requires_grad]
        grads[dtype] = torch.autograd.grad([r for r, _ in pairs], wrt, [g.to(r.dtype) for r, g in pairs], allow_unused=True)
    g64, g32 = grads[torch.float64], grads[torch.float32]
    error = max([max_error(p, q) for p, q in zip(g32, g64) if p is not None and q is not None] or [0])
    scale = max([float(q.abs().max()) for q in g64 if q is not None and q.numel()] or [0])
    case["grad_out"] = [encode(g.to(torch.float32)) if r.requires_grad else None for r, g in zip(results, upstream)]
    case["grads"] = [None if q is None else encode(q.to(torch.float32)) for q in g64]
    case["grad_maxerr"] = error
    if not math.isfinite(scale) or error > 1e-2 * max(1.0, scale) or any(q is not None and not torch.isfinite(q).all() for q in g64):
        case["unstable"] = True
    return case


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--ops", default="")
    parser.add_argument("--limit", type=int, default=40, help="most cases of an op and dtype")
    options = parser.parse_args()
    wanted = [n for n in options.ops.split(",") if n]
    target = options.out / "opinfo"
    target.mkdir(parents=True, exist_ok=True)
    total = 0
    for path in sorted((HERE / "fixtures" / "opinfo").glob("*.json")):
        head = {k: v for k, v in json.loads(path.read_text()).items() if k not in ("cases", "errors")}
        name = head["op"]
        if wanted and name not in wanted:
            continue
        cases, errors, skipped = [], [], {}
        generator = torch.Generator().manual_seed(options.seed)
        for info in (o for o in op_db if o.name == name):
            for dtype in (torch.float32, torch.int64, torch.bool):
                if not info.supports_dtype(dtype, "cpu"):
                    continue
                differentiable = dtype == torch.float32 and head["autograd"] and info.supports_autograd
                torch.manual_seed(options.seed)
                try:
                    samples = list(info.sample_inputs("cpu", dtype, requires_grad=differentiable))
                except Exception as e:
                    skipped[f"samples: {e}"[:80]] = 1
                    continue
                for sample in samples[: options.limit]:
                    try:
                        case = record(head, sample, info.op, generator)
                        case["variant"] = info.variant_test_name
                        case["id"] = len(cases)
                        cases.append(case)
                    except Exception as e:
                        why = f"{type(e).__name__}: {e}"[:80]
                        skipped[why] = skipped.get(why, 0) + 1
            try:
                for e in info.error_inputs("cpu") if info.error_inputs_func else []:
                    s = e.sample_input
                    args, kwargs = [s.input, *s.args], dict(s.kwargs)
                    try:
                        run(head["call"], args, kwargs)
                    except Exception as err:
                        try:
                            errors.append({"op": name, "variant": info.variant_test_name, "source": "opinfo",
                                           "args": [encode(x) for x in args], "kwargs": {k: encode(v) for k, v in kwargs.items()},
                                           "error_type": type(err).__name__, "error_regex": e.error_regex,
                                           "error_message": str(err)[:400], "id": len(errors)})
                        except Skip:
                            pass
            except Exception as e:
                skipped[f"errors: {e}"[:80]] = 1
        if not cases and not errors:
            continue
        lines = [f'"{k}": {json.dumps(v)},' for k, v in head.items()]
        body = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
        tail = ",\n".join(json.dumps(c, separators=(",", ":")) for c in errors)
        (target / path.name).write_text("{\n" + "\n".join(lines) + f'\n"cases": [\n{body}\n],\n"errors": [\n{tail}\n]\n}}\n')
        total += len(cases)
        print(f"{name}: {len(cases)} cases, {len(errors)} errors", skipped or "", flush=True)
    (options.out / "index.json").write_text(json.dumps({"meta": {"torch": torch.__version__, "seed": options.seed}}) + "\n")
    print(total, "cases")


if __name__ == "__main__":
    main()
