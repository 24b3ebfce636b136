// How modules find their members, run, print, fail, and keep state.

import { inspect } from "node:util";
import { describe, expect, test, vi } from "vitest";
import * as torch from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";

class Block extends nn.Module {
  fc = new nn.Linear(3, 3);
  W_xh = new nn.Parameter(torch.zeros(2));
  scaleFactor = new nn.Parameter(torch.ones(1));
  absent: nn.Parameter | null = null;
  list = [new nn.Linear(1, 1)];
  notes = { a: 1 };
  runningMean: torch.Tensor;
  cache: torch.Tensor;
  plain = torch.zeros(4);

  constructor() {
    super();
    this.runningMean = this.registerBuffer("runningMean", torch.zeros(2) as torch.Tensor);
    this.cache = this.registerBuffer("cache", torch.zeros(5) as torch.Tensor, { persistent: false });
  }
  forward(x: torch.AnyTensor): torch.AnyTensor {
    return this.fc(x);
  }
}
class Net extends nn.Module {
  readonly first = new Block();
  readonly body = new nn.Sequential(new nn.ReLU(), new nn.Linear(3, 2));
  forward(x: torch.AnyTensor): torch.AnyTensor {
    return this.body(this.first(x) as torch.AnyTensor);
  }
}
const names = (it: Iterable<readonly [string, unknown]>): string[] => Array.from(it, ([n]) => n);

describe("members", () => {
  const net = new Net();
  test("are found on own properties, in order, by PyTorch's names", () => {
    expect(names(net.namedParameters())).toEqual([
      "first.W_xh",
      "first.scale_factor",
      "first.fc.weight",
      "first.fc.bias",
      "body.1.weight",
      "body.1.bias",
    ]);
    expect(names(net.namedBuffers())).toEqual(["first.running_mean", "first.cache"]);
    expect(names(net.namedChildren())).toEqual(["first", "body"]);
    expect(names(net.namedModules())).toEqual(["", "first", "first.fc", "body", "body.0", "body.1"]);
    expect(names(net.first.namedParameters("p", { recurse: false }))).toEqual(["p.W_xh", "p.scale_factor"]);
    expect([...net.parameters()].every((p) => p instanceof nn.Parameter && p.requiresGrad)).toBe(true);
  });
  test("that are used twice are listed once, and stay in the state dict", () => {
    class Tied extends nn.Module {
      a = new nn.Linear(2, 2, { bias: false });
      b = new nn.Linear(2, 2, { bias: false });
      constructor() {
        super();
        this.b.weight = this.a.weight;
      }
      forward(x: torch.AnyTensor): torch.AnyTensor {
        return x;
      }
    }
    const tied = new Tied();
    expect(names(tied.namedParameters())).toEqual(["a.weight"]);
    expect(Object.keys(tied.stateDict())).toEqual(["a.weight", "b.weight"]);
    const twin = nn.deepcopy(tied);
    expect(twin.b.weight === twin.a.weight).toBe(true);
    expect(twin.a.weight === tied.a.weight).toBe(false);
  });
  test("can be registered by name", () => {
    const m = new Block();
    m.registerParameter("extraWeight", new nn.Parameter(torch.zeros(1)));
    m.registerParameter("none", null);
    m.addModule("tail", new nn.Identity());
    expect(names(m.namedParameters())).toContain("extra_weight");
    expect(names(m.namedChildren())).toEqual(["fc", "tail"]);
    expect(() => m.registerParameter("x", torch.zeros(1) as never)).toThrow(
      "cannot assign 'object' object to parameter 'x'",
    );
    expect(() => m.addModule("x", {} as never)).toThrow("object is not a Module subclass");
    expect(() => m.addModule("a.b", new nn.Identity())).toThrow('"a.b"');
  });
  test("may have names of their own in the state dict", () => {
    class Renamed extends nn.Module {
      fcOne = new nn.Linear(1, 1);
      override stateKey(property: string): string {
        return property === "fcOne" ? "fc1" : super.stateKey(property);
      }
      forward(): null {
        return null;
      }
    }
    expect(Object.keys(new Renamed().stateDict())).toEqual(["fc1.weight", "fc1.bias"]);
  });
});

describe("modules", () => {
  test("are called like functions, and are instances of their class", () => {
    const net = new Net();
    expect(typeof net).toBe("function");
    expect(net instanceof Net && net instanceof nn.Module).toBe(true);
    expect((net(torch.zeros(5, 3)) as torch.AnyTensor).shape).toEqual([5, 2]);
  });
  test("train and eval reach all below", () => {
    const net = new Net();
    expect(net.training).toBe(true);
    expect(net.eval()).toBe(net);
    expect([...net.modules()].map((m) => m.training)).toEqual([false, false, false, false, false, false]);
    net.train();
    expect([...net.modules()].every((m) => m.training)).toBe(true);
  });
  test("apply goes from the leaves up", () => {
    const seen: string[] = [];
    new Net().apply((m) => seen.push(m.constructor.name));
    expect(seen).toEqual(["Linear", "Block", "ReLU", "Linear", "Sequential", "Net"]);
  });
  test("zeroGrad, requiresGrad_ and to change all parameters", () => {
    const net = new nn.Linear(2, 1);
    net(torch.ones(1, 2)).sum().backward();
    expect(net.weight.grad?.tolist()).toEqual([[1, 1]]);
    net.zeroGrad({ setToNone: false });
    expect(net.weight.grad?.tolist()).toEqual([[0, 0]]);
    net.zeroGrad();
    expect(net.weight.grad).toBeNull();
    net.requiresGrad_(false);
    expect(net.bias.requiresGrad).toBe(false);
    expect(net.double().weight.dtype).toBe("float64");
  });
  test("hooks see and replace arguments and output", () => {
    const net = new nn.Linear(2, 1);
    const before = vi.fn();
    const remove = net.registerForwardPreHook(before);
    const removeTwice = net.registerForwardPreHook((_, [x]) => (x as torch.AnyTensor).mul(0));
    const removeAfter = net.registerForwardHook((_, __, y) => (y as torch.AnyTensor).add(1));
    const x = torch.ones(1, 2);
    expect(net(x).sub(net.bias).item()).toBeCloseTo(1, 6);
    const [owner, args] = before.mock.calls[0] as [nn.Module, unknown[]];
    expect(owner === net && args.length === 1 && args[0] === x).toBe(true);
    remove();
    removeTwice();
    removeAfter();
    expect(net(x).item()).toBeCloseTo(net.weight.sum().item() + net.bias.item(), 6);
    expect(before).toHaveBeenCalledTimes(1);
  });
  test("name their path in errors, once", () => {
    const net = new Net();
    const message = (f: () => unknown): string => {
      try {
        f();
      } catch (e) {
        expect((e as Error).stack).toContain((e as Error).message);
        return (e as Error).message;
      }
      return "";
    };
    expect(message(() => net.body(torch.zeros(5, 4) as torch.AnyTensor))).toMatch(
      /^in Sequential\.1 \(Linear\): linear: /,
    );
    expect(message(() => net(torch.zeros(5, 4)))).toMatch(/^in Net\.first\.fc \(Linear\): linear: /);
    expect(message(() => new nn.Linear(2, 2)(torch.zeros(5, 4) as torch.AnyTensor))).toMatch(
      /^in Linear: linear: /,
    );
    expect(() => net(torch.zeros(5, 4))).toThrow(torch.ShapeError);
  });
});

describe("state", () => {
  test("has PyTorch's keys and shares memory", () => {
    const net = new Net();
    const dict = net.stateDict();
    expect(Object.keys(dict)).toEqual([
      "first.W_xh",
      "first.scale_factor",
      "first.running_mean",
      "first.fc.weight",
      "first.fc.bias",
      "body.1.weight",
      "body.1.bias",
    ]);
    expect(Object.values(dict).some((x) => x.requiresGrad)).toBe(false);
    dict["first.W_xh"]!.fill_(3);
    expect(net.first.W_xh.tolist()).toEqual([3, 3]);
  });
  test("loads from an object or a Map", () => {
    const [a, b] = [new Net(), new Net()];
    expect(b.loadStateDict(a.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(b.first.fc.weight.tolist()).toEqual(a.first.fc.weight.tolist());
    expect(b.first.fc.weight.requiresGrad).toBe(true);
    a.first.fc.weight.data.zero_();
    b.loadStateDict(new Map(Object.entries(a.stateDict())));
    expect(b.first.fc.weight.sum().item()).toBe(0);
  });
  test("reports all that does not fit, and then loads nothing", () => {
    const m = new nn.Linear(3, 4);
    const before = m.weight.tolist();
    const wrong = { weight: torch.zeros(2, 2), foo: torch.zeros(1) };
    expect(() => m.loadStateDict(wrong)).toThrow(
      'Error(s) in loading state_dict for Linear:\n\tMissing key(s) in state_dict: "bias". \n\tUnexpected key(s) in ' +
        'state_dict: "foo". \n\tsize mismatch for weight: copying a param with shape torch.Size([2, 2]) from checkpoint, ' +
        "the shape in current model is torch.Size([4, 3]).",
    );
    const half = { weight: torch.zeros(4, 3), foo: torch.zeros(1) };
    expect(() => m.loadStateDict(half)).toThrow("Missing key(s)");
    expect(m.weight.tolist()).toEqual(before);
    expect(m.loadStateDict(half, { strict: false })).toEqual({
      missingKeys: ["bias"],
      unexpectedKeys: ["foo"],
    });
    expect(m.weight.sum().item()).toBe(0);
    expect(() => m.loadStateDict({ weight: 1 as never, bias: torch.zeros(4) })).toThrow(
      'the parameter named "weight"',
    );
  });
});

describe("text", () => {
  test("is Python's repr", () => {
    expect(String(new Net())).toBe(
      "Net(\n  (first): Block(\n    (fc): Linear(in_features=3, out_features=3, bias=True)\n  )\n  (body): Sequential(\n" +
        "    (0): ReLU()\n    (1): Linear(in_features=3, out_features=2, bias=True)\n  )\n)",
    );
    expect(inspect(new nn.ReLU())).toBe("ReLU()");
    expect(String(new nn.ModuleList([new nn.ParameterList([torch.zeros(2, 3)])]))).toBe(
      "ModuleList(\n  (0): ParameterList(  (0): Parameter containing: [torch.float32 of size 2x3])\n)",
    );
    expect(String(new nn.ParameterList([torch.zeros(2, 3), torch.zeros(2)]))).toBe(
      "ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2x3]\n    (1): Parameter containing: [torch.float32 of size 2]\n)",
    );
    expect(String(new nn.ParameterDict({ a: torch.zeros(2, 3) }))).toBe(
      "ParameterDict(  (a): Parameter containing: [torch.FloatTensor of size 2x3])",
    );
    expect(String(new nn.ModuleList())).toBe("ModuleList()");
  });
  test("of a parameter", () => {
    expect(String(new nn.Parameter(torch.tensor([0.5])))).toBe(
      "Parameter containing:\ntensor([0.5000], requires_grad=True)",
    );
    expect(inspect(new nn.Parameter(torch.tensor([0.5]), false))).toBe(
      "Parameter containing:\ntensor([0.5000])",
    );
  });
});

describe("containers", () => {
  test("Sequential takes names, and runs in their order", () => {
    const net = new nn.Sequential({ hidden: new nn.Linear(4, 3), act: new nn.ReLU() });
    expect(net.hidden.outFeatures).toBe(3);
    expect(Object.keys(net.stateDict())).toEqual(["hidden.weight", "hidden.bias"]);
    const swapped = new nn.Sequential(
      new Map<string, nn.Module>([
        ["1", new nn.Linear(4, 3)],
        ["0", new nn.Linear(3, 2)],
      ]),
    );
    expect(swapped(torch.zeros(1, 4) as torch.AnyTensor).shape).toEqual([1, 2]);
    expect(names(swapped.namedChildren())).toEqual(["1", "0"]);
    expect(swapped.size).toBe(2);
    expect((swapped.get(-1) as nn.Linear).outFeatures).toBe(2);
    expect(() => new nn.Sequential(3 as never)).toThrow("layer 0 is not a Module");
    expect([...new nn.Sequential(new nn.ReLU()).append(new nn.Tanh())].map(String)).toEqual([
      "ReLU()",
      "Tanh()",
    ]);
  });
  test("lists and dictionaries hold members", () => {
    const list = new nn.ModuleList<nn.Linear>([new nn.Linear(1, 2)]);
    list.append(new nn.Linear(2, 3)).insert(0, new nn.Linear(5, 5));
    expect([...list].map((m) => m.outFeatures)).toEqual([5, 2, 3]);
    expect(names(list.namedParameters())).toContain("2.bias");
    expect(() => list.get(3)).toThrow(torch.IndexError);
    expect(() => (list as unknown as () => void)()).toThrow(
      'Module [ModuleList] is missing the required "forward" function',
    );
    const dict = new nn.ModuleDict({ convOne: new nn.Identity(), lin: new nn.Linear(1, 1) });
    expect([...dict.keys()]).toEqual(["convOne", "lin"]);
    expect(names(dict.namedChildren())).toEqual(["convOne", "lin"]);
    expect(dict.delete("lin")).toBe(true);
    expect([...dict.parameters()]).toEqual([]);
    expect(() => dict.set("forward", new nn.Identity())).toThrow("taken by a method");
    expect([...new nn.ParameterDict({ a: torch.zeros(1) }).parameters()]).toHaveLength(1);
  });
  test("deepcopy makes members of its own", () => {
    const net = new Net();
    const copy = nn.deepcopy(net);
    expect(String(copy)).toBe(String(net));
    expect(copy instanceof Net).toBe(true);
    expect(copy.first.fc.weight.tolist()).toEqual(net.first.fc.weight.tolist());
    copy.first.fc.weight.data.zero_();
    expect(net.first.fc.weight.tolist()).not.toEqual(copy.first.fc.weight.tolist());
    expect(names(copy.namedBuffers())).toEqual(names(net.namedBuffers()));
    expect((copy(torch.zeros(1, 3)) as torch.AnyTensor).shape).toEqual([1, 2]);
  });
});

describe("arguments", () => {
  test("are checked in Python's words", () => {
    const make = nn.Linear as unknown as new (...args: unknown[]) => nn.Module;
    expect(() => new make(3)).toThrow("Linear() missing 1 required argument: 'outFeatures'");
    expect(() => new make(3, 4, { biass: false })).toThrow(
      "Linear() got an unexpected keyword argument 'biass'",
    );
    expect(() => new make(3, 4, { inFeatures: 3 })).toThrow(
      "Linear() got multiple values for argument 'inFeatures'",
    );
    expect(String(new make({ inFeatures: 3, outFeatures: 4, bias: false }))).toBe(
      "Linear(in_features=3, out_features=4, bias=False)",
    );
  });
});
