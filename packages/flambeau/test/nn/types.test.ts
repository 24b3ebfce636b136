// What the editor knows about modules: calls, shapes through layers, mismatches.

import { describe, expectTypeOf, test } from "vitest";
import * as torch from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";

class Net extends nn.Module {
  hidden: nn.Linear<4, 8> = new nn.Linear(4, 8);
  forward(x: torch.Tensor<[2, 4]>, scale: number): torch.Tensor<[2, 8]> {
    return this.hidden(x).mul(scale);
  }
}
class Pair extends nn.Module {
  out = new nn.Linear(4, 8);
  forward(x: torch.Tensor, options?: { twice?: boolean }) {
    return [this.out(x), options?.twice ?? false] as const;
  }
}

describe("calls", () => {
  test("follow forward", () => {
    const net = new Net();
    const x = torch.zeros(2, 4);
    expectTypeOf(net(x, 2)).toEqualTypeOf<torch.Tensor<[2, 8]>>();
    expectTypeOf(new Pair()(x as torch.Tensor, { twice: true })[1]).toEqualTypeOf<boolean>();
    const bad = (): void => {
      // @ts-expect-error a missing argument
      net(x);
      // @ts-expect-error another type
      net(x, "2");
      // @ts-expect-error another shape
      net(torch.zeros(2, 5), 2);
    };
    void bad;
  });

  test("map shapes through layers", () => {
    const layer = new nn.Linear(4, 8);
    expectTypeOf(layer.weight).toEqualTypeOf<nn.Parameter<[8, 4]>>();
    expectTypeOf(layer.bias).toEqualTypeOf<nn.Parameter<[8]>>();
    expectTypeOf(new nn.Linear(4, 8, { bias: false }).bias).toEqualTypeOf<null>();
    expectTypeOf(layer(torch.zeros(2, 4))).toEqualTypeOf<torch.Tensor<[2, 8]>>();
    expectTypeOf(layer(torch.zeros(5, 2, 4))).toEqualTypeOf<torch.Tensor<[5, 2, 8]>>();
    const unknown: torch.Tensor = torch.zeros(2, 4);
    expectTypeOf(layer(unknown)).toEqualTypeOf<torch.Tensor>();
    const bad = (): void => {
      // @ts-expect-error "Linear: an input of shape [2, 5] does not fit a weight of shape [8, 4] ([out, in])"
      layer(torch.zeros(2, 5));
      // @ts-expect-error too many arguments
      layer(torch.zeros(2, 4), 1);
    };
    void bad;
    const list: nn.Linear[] = [layer, new nn.Linear(3, 2)];
    const modules: nn.Module[] = [layer, new Net()];
    void list;
    void modules;
  });
});

describe("Sequential", () => {
  test("knows its layers", () => {
    const net = new nn.Sequential(new nn.Linear(784, 256), new nn.Identity(), new nn.Linear(256, 10));
    expectTypeOf(net[0].weight).toEqualTypeOf<nn.Parameter<[256, 784]>>();
    expectTypeOf(net[2].outFeatures).toEqualTypeOf<10>();
    expectTypeOf(net(torch.zeros(5, 784))).toEqualTypeOf<torch.Tensor<[5, 10]>>();
    const bad = (): void => {
      // @ts-expect-error there is no layer 7
      net[7];
      // @ts-expect-error a wrong number of features
      net(torch.zeros(5, 785));
      // @ts-expect-error "Sequential: layer 2 takes 128 features, layer 0 gives 256"
      new nn.Sequential(new nn.Linear(784, 256), new nn.Identity(), new nn.Linear(128, 10));
    };
    void bad;
    const any: nn.Sequential = net;
    expectTypeOf(any(torch.zeros(5, 784))).toEqualTypeOf<torch.Tensor>();
    expectTypeOf(new nn.Sequential({ hidden: new nn.Linear(4, 2) }).hidden.outFeatures).toEqualTypeOf<2>();
    const many = new nn.Sequential(...Array.from({ length: 3 }, () => new nn.Linear(4, 4)));
    expectTypeOf(many(torch.zeros(5, 4))).toEqualTypeOf<torch.Tensor>();
  });
});

describe("convolutional networks", () => {
  test("know channels and spatial extents", () => {
    const image = torch.zeros(2, 1, 28, 28);
    const conv = new nn.Conv2d(1, 6, 5, { padding: 2 });
    expectTypeOf(conv(image)).toEqualTypeOf<torch.Tensor<[2, 6, 28, 28]>>();
    expectTypeOf(new nn.MaxPool2d(2)(conv(image))).toEqualTypeOf<torch.Tensor<[2, 6, 14, 14]>>();
    expectTypeOf(new nn.MaxPool2d(2, { returnIndices: true })(conv(image))[1]).toEqualTypeOf<
      torch.Tensor<[2, 6, 14, 14], "int32">
    >();
    expectTypeOf(new nn.BatchNorm2d(6)(conv(image))).toEqualTypeOf<torch.Tensor<[2, 6, 28, 28]>>();
    expectTypeOf(new nn.Flatten()(torch.zeros(2, 3, 4))).toEqualTypeOf<torch.Tensor<[2, 12]>>();
    expectTypeOf(new nn.Embedding(10, 4)(torch.zeros([2, 3], { dtype: "int32" }))).toEqualTypeOf<
      torch.Tensor<[2, 3, 4]>
    >();
    const bad = (): void => {
      // @ts-expect-error "Conv2d: expected an input with 1 channels, but [2, 3, 28, 28] has 3"
      conv(torch.zeros(2, 3, 28, 28));
      // @ts-expect-error "Sequential: layer 2 takes 8 channels, layer 0 gives 6"
      new nn.Sequential(new nn.Conv2d(1, 6, 5), new nn.ReLU(), new nn.BatchNorm2d(8));
    };
    void bad;
    const net = new nn.Sequential(
      conv,
      new nn.BatchNorm2d(6),
      new nn.Sigmoid(),
      new nn.AvgPool2d(2),
      new nn.Flatten(),
      new nn.Linear(1176, 10),
    );
    expectTypeOf(net(image)).toEqualTypeOf<torch.Tensor<[2, 10]>>();
  });
});

describe("losses", () => {
  test("are 0-d, or have the shape of the elements", () => {
    const x = torch.zeros(5, 1);
    expectTypeOf(new nn.MSELoss()(x, x)).toEqualTypeOf<torch.Tensor<[]>>();
    const target = torch.zeros([5], { dtype: "int32" });
    expectTypeOf(new nn.CrossEntropyLoss()(torch.zeros(5, 3), target)).toEqualTypeOf<torch.Tensor<[]>>();
    expectTypeOf(new nn.MSELoss({ reduction: "none" })(x, x)).toEqualTypeOf<torch.Tensor<[5, 1]>>();
    const bad = (): void => {
      // @ts-expect-error shapes that do not broadcast
      new nn.MSELoss()(x, torch.zeros(3, 2));
    };
    void bad;
  });
});
