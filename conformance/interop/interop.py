"""PyTorch's side of npm run interop: writes files, and says what is in files, with every bit.

    python3 interop.py write DIR      files of all cases, and NAME.json: what is in them
    python3 interop.py read DIR       prints what is in the .pt, .safetensors and .npz files of DIR, as JSON
    python3 interop.py fixtures       writes the files of fixtures/ anew

Needs PyTorch 1.13 (Debian's python3-torch).
"""

import collections
import hashlib
import json
import pickletools
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).resolve().parent
torch.set_num_threads(1)

# ---- what is in a value: lines of text under paths, the same as describe.ts writes ------------------------------

WIDER = {
    torch.float16: torch.float32,
    torch.bfloat16: torch.float32,
    torch.int8: torch.int32,
    torch.int16: torch.int32,
}


def bits(raw):
    return raw.hex() if len(raw) <= 32 else "sha256:" + hashlib.sha256(raw).hexdigest()


class Description:
    def __init__(self):
        self.lines = {}
        self.storages = {}
        self.objects = {}
        self.alive = []

    def tensor(self, x):
        # Addresses and ids tell tensors apart as long as none is freed.
        self.alive.append(x)
        wide = x.detach().to(WIDER.get(x.dtype, x.dtype)).contiguous()
        raw = wide.numpy().tobytes()
        same = self.objects.setdefault(id(x), len(self.objects))
        kind = "parameter" if isinstance(x, nn.Parameter) else "tensor"
        dtype = str(wide.dtype)[6:]
        place = "empty"
        if x.numel():
            storage = self.storages.setdefault(x.storage().data_ptr(), len(self.storages))
            place = f"strides {list(x.stride())} offset {x.storage_offset()} of storage {storage}"
        grad = " requires grad" if x.requires_grad else ""
        return f"{kind} {same} {dtype} {list(x.shape)} {place}{grad} {bits(raw)}"

    def add(self, path, x):
        if isinstance(x, torch.Tensor):
            line = self.tensor(x)
        elif isinstance(x, np.ndarray):
            line = self.tensor(torch.from_numpy(x.astype(x.dtype.newbyteorder("="), order="C")))
        elif x is None or isinstance(x, bool):
            line = str(x)
        elif isinstance(x, (torch.dtype, torch.device)):
            line = "text " + json.dumps(str(x).replace("torch.", ""))
        elif isinstance(x, (int, float, np.number)):
            whole = isinstance(x, int) and abs(x) >= 2**53
            line = f"int {x}" if whole else "number " + struct.pack(">d", float(x)).hex()
        elif isinstance(x, str):
            line = "text " + json.dumps(x, ensure_ascii=False)
        elif isinstance(x, (bytes, bytearray)):
            line = "bytes " + bits(bytes(x))
        elif isinstance(x, (list, tuple)):
            line = f"{'tuple' if isinstance(x, tuple) else 'list'} {len(x)}"
            for i, item in enumerate(x):
                self.add(f"{path}[{i}]", item)
        elif isinstance(x, (set, frozenset)):
            line = f"{type(x).__name__} {json.dumps(sorted(x))}"
        elif isinstance(x, dict):
            line = f"dict {len(x)}"
            keys = {json.dumps(k, ensure_ascii=False) if isinstance(k, str) else str(k): k for k in x}
            for shown in sorted(keys):
                self.add(f"{path}[{shown}]", x[keys[shown]])
        else:
            raise TypeError(f"{path}: {type(x)}")
        self.lines[path or "value"] = line


def describe(value):
    d = Description()
    d.add("", value)
    return d.lines


# ---- cases ------------------------------------------------------------------------------------------------------

SPECIAL = [0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, 1e-40, float("inf"), float("-inf"), float("nan"), 3.14159]


def dtypes():
    f = torch.tensor(SPECIAL, dtype=torch.float64)
    return {
        "float64": f * 1.1,
        "float32": f.float(),
        "float16": f.half(),
        "bfloat16": f.bfloat16(),
        "int64": torch.tensor([-(2**63), 2**63 - 1, 0, -1]),
        "int32": torch.tensor([-(2**31), 2**31 - 1], dtype=torch.int32),
        "int16": torch.tensor([-32768, 32767], dtype=torch.int16),
        "int8": torch.tensor([-128, 127], dtype=torch.int8),
        "uint8": torch.tensor([0, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(7.25),
        "empty": torch.zeros(2, 0, 3, dtype=torch.int32),
    }


def views():
    base = torch.randn(4, 6)
    half = torch.randn(10).half()
    return {
        "base": base,
        "whole": base.view(-1),
        "row": base[1],
        "column": base[:, 2],
        "part": base[1:3, 1:5],
        "other": torch.randn(4, 6)[2:],
        "half": half,
        "half part": half[3:7],
    }


def strided():
    base = torch.randn(4, 6, dtype=torch.float64)
    return {
        "transposed": base.t(),
        "permuted": torch.arange(24).reshape(2, 3, 4).permute(2, 0, 1),
        "every second": base[::2, 1::2],
        "diagonal": base.diagonal(),
        "expanded": torch.randn(3, 1).expand(3, 5),
        "windows": torch.arange(10, dtype=torch.int32).unfold(0, 4, 2),
        "channels last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "flag": torch.tensor([[True, False], [False, True]]).t(),
    }


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 5)
        self.out = nn.Linear(5, 7)
        self.out.weight = self.embedding.weight


def tied():
    net = Tied()
    weight = nn.Parameter(torch.randn(3, 2))
    return {
        "state": net.state_dict(),
        "parameters": list(net.parameters()),
        "twice": [weight, weight, weight.data],
        "frozen": nn.Parameter(torch.ones(2, dtype=torch.int64), requires_grad=False),
        "leaf": torch.ones(2, requires_grad=True),
    }


def modules():
    conv = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 5))
    conv(torch.randn(6, 3, 4, 4))
    return {
        "conv": conv.state_dict(),
        "lstm": nn.LSTM(3, 4, num_layers=2, bidirectional=True).state_dict(),
        "gru": nn.GRU(3, 4).state_dict(),
        "encoder": nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2).state_dict(),
        "list": nn.ParameterList([nn.Parameter(torch.randn(2)), nn.Parameter(torch.randn(3))]).state_dict(),
    }


def checkpoint():
    net = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 5, 5])
    train(net, optimizer, torch.randn(5, 3), torch.randn(5, 2), schedule)
    return {
        "epoch": 3,
        "model": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": schedule.state_dict(),
        "losses": [0.5, 0.25, 1.0, float("nan"), -0.0],
        "best": {"loss": 1e-3, "step": 2**40, "large": -(2**80), "name": "größe ✓", "none": None, "yes": True},
        "config": collections.OrderedDict([("layers", (3, 4, (5,), ())), ("lists", [[], [1, [2]]])]),
        "set": {1, 2, 3},
        "bytes": [b"", b"\x00\xff", bytes(range(256))],
        "numpy": [np.arange(6, dtype=">i2").reshape(2, 3), np.float32(0.1), np.int64(-5), np.ones(3, dtype=bool)],
        "generator": torch.get_rng_state(),
        "classes": {0: "cat", 1: "dog"},
        "places": [torch.float16, torch.device("cpu"), torch.Size([2, 3])],
    }


OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.01, amsgrad=True),
    "AdamW": lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.99)),
    "RMSprop": lambda p: torch.optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
}


def network():
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))


def train(net, optimizer, x, y, schedule=None, steps=3):
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(net(x), y).backward()
        optimizer.step()
        if schedule:
            schedule.step()


def optimizer_case(name):
    net = network()
    optimizer = OPTIMIZERS[name](net.parameters())
    x, y = torch.randn(10, 4), torch.randn(10, 3)
    train(net, optimizer, x, y)
    return {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "x": x, "y": y}


def resumed(name, saved):
    """Three more steps from a checkpoint."""
    net = network()
    optimizer = OPTIMIZERS[name](net.parameters())
    net.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    train(net, optimizer, saved["x"], saved["y"])
    return net.state_dict()


CASES = {
    "dtypes": dtypes,
    "views": views,
    "strided": strided,
    "tied": tied,
    "modules": modules,
    "checkpoint": checkpoint,
    **{name: lambda name=name: optimizer_case(name) for name in OPTIMIZERS},
}


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in CASES.items():
        torch.manual_seed(0)
        value = make()
        torch.save(value, folder / f"{name}.pt")
        torch.save(value, folder / f"{name}.legacy.pt", _use_new_zipfile_serialization=False)
        # Described as it is read: what shares memory is told by the file.
        about = {"value": describe(torch.load(folder / f"{name}.pt"))}
        if name in OPTIMIZERS:
            about["resumed"] = {k: v.tolist() for k, v in resumed(name, torch.load(folder / f"{name}.pt")).items()}
        (folder / f"{name}.json").write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n")


# ---- other formats ----------------------------------------------------------------------------------------------

SAFETENSORS = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


def write_safetensors(path, tensors):
    names = {dtype: name for name, dtype in SAFETENSORS.items()}
    header, body = {}, b""
    for key, x in tensors.items():
        raw = bytes(x.contiguous().view(torch.uint8).numpy() if x.numel() and x.ndim else x.reshape(-1).view(torch.uint8).numpy())
        header[key] = {"dtype": names[x.dtype], "shape": list(x.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def read_safetensors(path):
    raw = path.read_bytes()
    (n,) = struct.unpack("<Q", raw[:8])
    tensors = {}
    for key, entry in json.loads(raw[8 : 8 + n]).items():
        if key != "__metadata__":
            start, end = (8 + n + o for o in entry["data_offsets"])
            data = torch.frombuffer(bytearray(raw[start:end]), dtype=torch.uint8) if end > start else torch.zeros(0, dtype=torch.uint8)
            tensors[key] = data.view(SAFETENSORS[entry["dtype"]]).reshape(entry["shape"])
    return tensors


# ---- reading what was written elsewhere -------------------------------------------------------------------------

# What PyTorch's own weights_only=True reads, in version 2.6 (torch/_weights_only_unpickler.py).
STRICT_OPCODES = set(
    "APPEND APPENDS BINFLOAT BINGET BININT BININT1 BININT2 BINPERSID BINPUT BINUNICODE BUILD EMPTY_DICT EMPTY_LIST EMPTY_SET "
    "EMPTY_TUPLE GLOBAL LONG1 LONG_BINGET LONG_BINPUT MARK NEWFALSE NEWOBJ NEWTRUE NONE PROTO REDUCE SETITEM SETITEMS STOP TUPLE "
    "TUPLE1 TUPLE2 TUPLE3".split()
)
STRICT_GLOBALS = {
    "collections OrderedDict",
    "_codecs encode",
    "__builtin__ set",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    *(f"torch {t}Storage" for t in "Float Double Long Int Byte Bool".split()),
}


def not_strict(path):
    """What weights_only=True would refuse in a file."""
    archive = zipfile.ZipFile(path)
    assert archive.testzip() is None, f"{path}: a checksum is wrong"
    found = set()
    for opcode, arg, _ in pickletools.genops(archive.read("archive/data.pkl")):
        if opcode.name not in STRICT_OPCODES:
            found.add(opcode.name)
        if opcode.name == "GLOBAL" and arg not in STRICT_GLOBALS:
            found.add(arg)
    return sorted(found)


def read(folder):
    result = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".pt":
            value = torch.load(path)
            about = {"value": describe(value), "strict": not_strict(path)}
            if not any(isinstance(arg, float) for _, arg, _ in pickletools.genops(zipfile.ZipFile(path).read("archive/data.pkl"))):
                # 1.13 knows no floats under weights_only, and nothing of bytes and sets.
                try:
                    about["weightsOnly"] = describe(torch.load(path, weights_only=True)) == about["value"]
                except Exception as error:
                    about["weightsOnly"] = str(error)
            name = path.stem.split(".")[0]
            if name in OPTIMIZERS:
                about["resumed"] = {k: v.tolist() for k, v in resumed(name, value).items()}
        elif path.suffix == ".safetensors":
            about = {"value": describe(read_safetensors(path))}
        elif path.suffix == ".npz":
            about = {"value": describe(dict(np.load(path)))}
        else:
            continue
        result[path.name] = about
    print(json.dumps(result))


def main():
    command, *rest = sys.argv[1:] or [""]
    if command == "write" and len(rest) == 1:
        folder = Path(rest[0])
        write(folder)
        plain = dtypes()
        write_safetensors(folder / "dtypes.safetensors", plain)
        arrays = {k: v.numpy() for k, v in plain.items() if v.dtype != torch.bfloat16}
        np.savez(folder / "dtypes.npz", **arrays)
        np.savez_compressed(folder / "packed.npz", **arrays)
    elif command == "read" and len(rest) == 1:
        read(Path(rest[0]))
    elif command == "fixtures":
        write(HERE / "fixtures")
    else:
        sys.exit(__doc__)


main()
