"""The rows of the table in PyTorch; see main.ts for what is asked and answered, a line of JSON each."""
import json
import math
import os
import sys
import time

import torch
import torch.nn.functional as F


def one(f):
    def make(n):
        x = torch.randn(n)
        return lambda: f(x)
    return make


def positive(f):
    def make(n):
        x = torch.rand(n) + 0.1
        return lambda: f(x)
    return make


def two(f):
    def make(n):
        x, y = torch.randn(n), torch.randn(n)
        return lambda: f(x, y)
    return make


def square(f):
    def make(n):
        side = math.isqrt(n)
        x = torch.randn(side, side)
        return lambda: f(x)
    return make


def add_row(n):
    x, row = torch.randn(n // 100, 100), torch.randn(100)
    return lambda: x + row


def made(operands, f):
    def make(_):
        args = operands()
        return lambda: f(*args)
    return make


def trained(operands, f, fixed=0):
    def make(_):
        args = operands()
        leaves = args[: len(args) - fixed]
        for x in leaves:
            x.requires_grad_()
        g = torch.randn(f(*args).shape)

        def step():
            for x in leaves:
                x.grad = None
            f(*args).backward(g)
            return [x.grad for x in leaves]
        return step
    return make


def matrices(n):
    return lambda: [torch.randn(n, n), torch.randn(n, n)]


def images():
    return [torch.randn(8, 16, 32, 32), torch.randn(32, 16, 3, 3), torch.randn(32)]


def batch():
    return [torch.randn(256, 1024)]


def normed():
    return [torch.randn(256, 1024), torch.randn(1024), torch.randn(1024)]


def labelled():
    return [torch.randn(256, 1024), torch.randint(0, 1024, (256,))]


def looked():
    return [torch.randn(10000, 64), torch.randint(0, 10000, (4096,))]


def large():
    return [torch.randn(1024, 1024), torch.randn(1024, 1024)]


def conv2d(x, w, b):
    return F.conv2d(x, w, b, padding=1)


def softmax(x):
    return x.softmax(-1)


def layer_norm(x, w, b):
    return F.layer_norm(x, (1024,), w, b)


def embedding(w, i):
    return F.embedding(i, w)


OPS = {
    "add": two(lambda x, y: x + y),
    "mul": two(lambda x, y: x * y),
    "sub": two(lambda x, y: x - y),
    "div": two(lambda x, y: x / y),
    "relu": one(lambda x: x.relu()),
    "maximum": two(lambda x, y: x.maximum(y)),
    "neg": one(lambda x: -x),
    "abs": one(lambda x: x.abs()),
    "sqrt": positive(lambda x: x.sqrt()),
    "add_scalar": one(lambda x: x + 1.5),
    "add_row": add_row,
    "exp": one(lambda x: x.exp()),
    "log": positive(lambda x: x.log()),
    "tanh": one(lambda x: x.tanh()),
    "sigmoid": one(lambda x: x.sigmoid()),
    "gelu": one(F.gelu),
    "sin": one(lambda x: x.sin()),
    "pow_1.5": positive(lambda x: x**1.5),
    "erf": one(lambda x: x.erf()),
    "sum": one(lambda x: x.sum()),
    "sum_dim0": square(lambda x: x.sum(0)),
    "sum_dim1": square(lambda x: x.sum(1)),
    "mean": one(lambda x: x.mean()),
    "amax": one(lambda x: x.amax()),
    "argmax": one(lambda x: x.argmax()),
    "var": one(lambda x: x.var()),
    "matmul_256": made(matrices(256), torch.matmul),
    "matmul_1024": made(matrices(1024), torch.matmul),
    "conv2d": made(images, conv2d),
    "softmax": made(batch, softmax),
    "log_softmax": made(batch, lambda x: x.log_softmax(-1)),
    "layer_norm": made(normed, layer_norm),
    "cross_entropy": made(labelled, F.cross_entropy),
    "embedding": made(looked, embedding),
    "cat": made(large, lambda x, y: torch.cat([x, y])),
    "transpose_contiguous": made(large, lambda x, _: x.t().contiguous()),
    "matmul_256_train": trained(matrices(256), torch.matmul),
    "conv2d_train": trained(images, conv2d),
    "softmax_train": trained(batch, softmax),
    "layer_norm_train": trained(normed, layer_norm),
    "cross_entropy_train": trained(labelled, F.cross_entropy, 1),
    "embedding_train": trained(looked, embedding, 1),
}


def check(result):
    return sum(x.double().abs().mean().item() for x in (result if isinstance(result, list) else [result]))


def timed(f, times):
    """Seconds a call."""
    start = time.perf_counter()
    for _ in range(times):
        f()
    return (time.perf_counter() - start) / times


def prepare(op, n, warm):
    """Makes the operands; gives the call, its time and the check."""
    torch.manual_seed(42)
    f = OPS[op](n)
    value = check(f())
    end = time.perf_counter() + warm
    per_call = timed(f, 2)
    while time.perf_counter() < end:
        per_call = timed(f, max(1, math.ceil(min(end - time.perf_counter(), 0.01) / per_call)))
    return f, per_call, value


def blas():
    """The library of matrix products, which decides the speed of `matmul`: on Linux, from what is loaded."""
    try:
        with open("/proc/self/maps") as maps:
            files = {line.split()[-1] for line in maps if "blas" in line or "libmkl" in line}
        return ", ".join(sorted(os.path.realpath(f) for f in files)) or "its own"
    except OSError:
        return "unknown"


torch.set_num_threads(1)
print(json.dumps({"torch": torch.__version__, "blas": blas()}), flush=True)
call, per_call = None, 1.0
for line in sys.stdin:
    asked = json.loads(line)
    if "op" in asked:
        call, per_call, value = prepare(asked["op"], int(asked["n"]), asked["ms"] / 1000)
        print(json.dumps({"check": value}), flush=True)
    else:
        times = max(1, round(asked["ms"] / 1000 / per_call))
        print(json.dumps({"us": timed(call, times) * 1e6}), flush=True)
