// What the cases of ops share: inputs of n examples, and how a case is written.

import type { AnyTensor } from "../../../../src/index.ts";
import * as torch from "../../../../src/index.ts";
import type { Model } from "../runtime.ts";

export type Make = (n: number) => readonly unknown[];
/** A function, its inputs (by default one of [n, 3, 4]), and the opset that it needs. */
export interface Case {
  readonly f: Model;
  readonly make: Make;
  readonly opset: number;
}

export const x: Make = (n) => [torch.randn(n, 3, 4)];
export const positive: Make = (n) => [torch.rand(n, 3, 4).add(0.1)];
export const pair: Make = (n) => [torch.randn(n, 3, 4), torch.randn(3, 4)];
export const alike: Make = (n) => [torch.randn(n, 3, 4), torch.randn(n, 3, 4)];
export const integers = (n: number, high = 7, dtype: "int32" | "int64" | "uint8" = "int32"): AnyTensor =>
  torch.randint(0, high, [n, 3, 4], { dtype });
export const ints: Make = (n) => [integers(n).sub(3), integers(n).add(1)];
export const bytes: Make = (n) => [integers(n, 200, "uint8"), integers(n, 100, "uint8").add(1)];
export const bools: Make = (n) => [torch.randn(n, 3, 4).gt(0), torch.randn(3, 4).gt(0)];
export const image: Make = (n) => [torch.randn(n, 2, 8, 9)];
export const signal: Make = (n) => [torch.randn(n, 2, 11)];
export const volume: Make = (n) => [torch.randn(n, 2, 5, 6, 4)];

export const of = (f: Model, make: Make = x, opset = 17): Case => ({ f, make, opset });
export const unary = (name: string, ...makes: Make[]): Case[] =>
  (makes.length > 0 ? makes : [x]).map((make) => of((a) => a[name](), make));
export const binary = (name: string, ...makes: Make[]): Case[] =>
  makes.map((make) => of((a, b) => a[name](b), make));

/** Numbers without a generator, which an exported function may not draw from. */
export const weights = (...shape: number[]): AnyTensor =>
  torch.fromTypedArray(
    Float32Array.from({ length: shape.reduce((p, n) => p * n, 1) }, (_, i) => Math.sin(1.7 * i + 0.3) / 2),
    shape,
  );
export const variances = (n: number): AnyTensor => weights(n).abs().add(0.1);
