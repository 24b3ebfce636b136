"""The rows of `bench -- train` in PyTorch; serve.ts says what is asked and answered, a line of JSON each."""
import json
import math
import os
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))


class Block(nn.Module):
    def __init__(self, c, o, stride=1):
        super().__init__()
        self.c1 = nn.Conv2d(c, o, 3, stride, 1, bias=False)
        self.b1 = nn.BatchNorm2d(o)
        self.c2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
        self.b2 = nn.BatchNorm2d(o)
        self.d = nn.Conv2d(c, o, 1, stride, bias=False) if stride != 1 or c != o else None

    def forward(self, x):
        y = F.relu(self.b1(self.c1(x)))
        y = self.b2(self.c2(y))
        return F.relu(y + (x if self.d is None else self.d(x)))


class GRUNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.g = nn.GRU(64, 128)
        self.o = nn.Linear(128, 64)

    def forward(self, x):
        return self.o(self.g(x)[0]).reshape(-1, 64)


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(96, 128)
        self.t = nn.TransformerEncoder(nn.TransformerEncoderLayer(128, 4, 512, 0.0, batch_first=True), 2)
        self.o = nn.Linear(128, 96)

    def forward(self, x):
        return self.o(self.t(self.e(x))).reshape(-1, 96)


def mlp():
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10),
    )


def resnet():
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, 1, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        Block(32, 32), Block(32, 64, 2), Block(64, 128, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10),
    )


def training(net, optimizer):
    def make(parameters, data):
        model, (X, y) = net(), data
        with torch.no_grad():
            for name, p in model.named_parameters():
                p.copy_(parameters[name])
        opt, loss = optimizer(model.parameters()), nn.CrossEntropyLoss()

        def step():
            opt.zero_grad()
            l = loss(model(X), y)
            l.backward()
            opt.step()
            return l
        return step
    return make


def lesson(parameters, data):
    penalty, lr, batch_size = 3, 0.003, 5
    w, b, (X, y) = parameters["w"].requires_grad_(), parameters["b"].requires_grad_(), data

    def step():
        l = ((torch.matmul(X, w) + b - y) ** 2 / 2 + penalty * (torch.sum(w.pow(2)) / 2)).sum()
        l.backward()
        with torch.no_grad():
            for p in (w, b):
                p -= lr * p.grad / batch_size
                p.grad.zero_()
        return l
    return step


def matmul(_, data):
    a, b = data
    return lambda: torch.matmul(a, b)


def softmax(_, data):
    x, = data
    return lambda: x.softmax(-1)


def layer_norm(parameters, data):
    x, = data
    weight, bias = parameters["weight"], parameters["bias"]
    return lambda: F.layer_norm(x, (1024,), weight, bias)


ROWS = {
    "lesson": lesson,
    "mlp-sgd": training(mlp, lambda p: torch.optim.SGD(p, lr=0.01)),
    "mlp-adam": training(mlp, torch.optim.Adam),
    "lenet": training(lenet, lambda p: torch.optim.SGD(p, lr=0.1)),
    "resnet": training(resnet, lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9)),
    "gru": training(GRUNet, torch.optim.Adam),
    "transformer": training(Transformer, torch.optim.AdamW),
    **{f"matmul-{n}": matmul for n in (64, 128, 256, 512, 1024)},
    "softmax": softmax,
    "layer_norm": layer_norm,
}


def load(folder, row):
    """The row's step, made of what all sides start from."""
    with open(os.path.join(folder, f"{row}.json")) as file:
        index = json.load(file)
    with open(os.path.join(folder, f"{row}.bin"), "rb") as file:
        content = bytearray(file.read())

    def tensor(e):
        dtype, count = getattr(torch, e["dtype"]), math.prod(e["shape"])
        values = torch.frombuffer(content, dtype=dtype, count=count, offset=e["offset"])
        values = values.clone().reshape(e["shape"])
        return values.long() if e["dtype"] == "int32" else values
    return ROWS[row]({e["name"]: tensor(e) for e in index["parameters"]}, [tensor(e) for e in index["data"]])


def timed(f, times):
    """Milliseconds a step."""
    start = time.perf_counter()
    for _ in range(times):
        f()
    return (time.perf_counter() - start) / times * 1000


def sample(result):
    values = result.detach().flatten()
    if len(values) == 1:
        return [values.item()]
    return [values[i * (len(values) - 1) // 9].item() for i in range(10)]


def check(f, steps, ms):
    values, end = [], time.perf_counter() + ms / 1000
    for i in range(steps):
        if i >= 2 and time.perf_counter() > end:
            break
        found = sample(f())
        values = found if len(found) > 1 else values + found
    return values


def warm_up(f, ms):
    calls = [timed(f, 1), timed(f, 1)]
    end, per_call = time.perf_counter() + ms / 1000, calls[1]
    while (left := (end - time.perf_counter()) * 1000) > 0:
        per_call = timed(f, math.ceil(min(left, 20) / per_call))
    return calls, per_call


def blas():
    """The library of matrix products, which decides the speed of `matmul`: on Linux, from what is loaded."""
    try:
        with open("/proc/self/maps") as maps:
            files = {line.split()[-1] for line in maps if "blas" in line or "libmkl" in line}
        return ", ".join(sorted(os.path.realpath(f) for f in files)) or "its own"
    except OSError:
        return "unknown"


def capability():
    """The instructions that PyTorch's own kernels use."""
    for line in torch.__config__.show().splitlines():
        if "CPU capability usage" in line:
            return line.split(":")[1].strip()
    return "unknown"


torch.set_num_threads(THREADS)
print(json.dumps({"torch": torch.__version__, "blas": blas(), "cpu": capability()}), flush=True)
step, per_call = None, 1.0
for line in sys.stdin:
    asked = json.loads(line)
    if "row" in asked:
        step = load(asked["folder"], asked["row"])
    if "check" in asked:
        answer = {"values": check(step, asked["check"], asked["ms"])}
    elif "row" in asked:
        calls, per_call = warm_up(step, asked["ms"])
        answer = {"us": per_call * 1000, "calls": calls}
    else:
        per_call = timed(step, max(1, round(asked["ms"] / per_call)))
        answer = {"us": per_call * 1000}
    print(json.dumps(answer), flush=True)
