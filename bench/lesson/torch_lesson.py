"""The lesson's four training runs in PyTorch. Reads a seed a line, answers with one line of JSON: seconds and norms."""
import json
import sys
import time

import torch
from torch import nn
from torch.utils import data

INPUTS, TRAIN, TEST, BATCH, EPOCHS, LR = 200, 20, 100, 5, 100, 0.003


def make_data(count):
    weight, bias = torch.ones((INPUTS, 1)) * 0.01, 0.05
    x = torch.normal(0, 1, (count, INPUTS))
    y = torch.matmul(x, weight) + bias
    y += torch.normal(0, 0.01, y.shape)
    return data.TensorDataset(x, y.reshape((-1, 1)))


def mean_loss(net, batches, loss):
    total, count = 0.0, 0
    for x, y in batches:
        values = loss(net(x), y)
        total += float(values.sum())
        count += values.numel()
    return total / count


def squared_loss(prediction, y):
    return (prediction - y.reshape(prediction.shape)) ** 2 / 2


def watch(epoch, curve, net, train, test, loss):
    if (epoch + 1) % 5 == 0:
        curve.append((mean_loss(net, train, loss), mean_loss(net, test, loss)))


def from_scratch(train, test, penalty):
    w = torch.normal(0, 1, size=(INPUTS, 1), requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    net, curve = lambda x: torch.matmul(x, w) + b, []
    for epoch in range(EPOCHS):
        for x, y in train:
            loss = squared_loss(net(x), y) + penalty * (torch.sum(w.pow(2)) / 2)
            loss.sum().backward()
            with torch.no_grad():
                for p in (w, b):
                    p -= LR * p.grad / BATCH
                    p.grad.zero_()
        watch(epoch, curve, net, train, test, squared_loss)
    return torch.norm(w).item(), curve


def concise(train, test, penalty):
    net, loss, curve = nn.Sequential(nn.Linear(INPUTS, 1)), nn.MSELoss(), []
    for p in net.parameters():
        p.data.normal_()
    trainer = torch.optim.SGD(
        [{"params": net[0].weight, "weight_decay": penalty}, {"params": net[0].bias}], lr=LR
    )
    for epoch in range(EPOCHS):
        for x, y in train:
            trainer.zero_grad()
            loss(net(x), y).backward()
            trainer.step()
        watch(epoch, curve, net, train, test, loss)
    return net[0].weight.norm().item(), curve


def run(seed):
    torch.manual_seed(seed)
    train, test = make_data(TRAIN), make_data(TEST)
    train = data.DataLoader(train, BATCH, shuffle=True)
    test = data.DataLoader(test, BATCH)
    return [f(train, test, penalty)[0] for f in (from_scratch, concise) for penalty in (0, 3)]


torch.set_num_threads(1)
print(json.dumps({"torch": torch.__version__}), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    norms = run(int(line))
    print(json.dumps({"seconds": time.perf_counter() - start, "norms": norms}), flush=True)
