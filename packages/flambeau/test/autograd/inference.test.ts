// Inference mode: what is made inside does not meet autograd.

import { expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;

test("records nothing, and marks what is made inside", () => {
  const w: Tensor = torch.ones(3, { requiresGrad: true });
  const y: Tensor = torch.inferenceMode(() => w.mul(2));
  expect([y.requiresGrad, y.isInference(), w.isInference()]).toEqual([false, true, false]);
  expect(y.view(3).isInference()).toBe(true);
  expect(torch.inferenceMode(() => w.view([3])).isInference()).toBe(false);
  expect(torch.inferenceMode(() => torch.enableGrad(() => w.mul(2))).requiresGrad).toBe(false);
  expect([torch.isInferenceModeEnabled(), torch.isGradEnabled()]).toEqual([false, true]);
});

test("using ends it with the block", () => {
  {
    using _ = torch.inferenceMode();
    expect([torch.isInferenceModeEnabled(), torch.isGradEnabled()]).toEqual([true, false]);
  }
  expect([torch.isInferenceModeEnabled(), torch.isGradEnabled()]).toEqual([false, true]);
});

test("its tensors can be changed inside only", () => {
  const y: Tensor = torch.inferenceMode(() => torch.ones(3).add_(1));
  expect(() => y.add_(1)).toThrow("Inplace update to inference tensor outside InferenceMode is not allowed");
  expect(() => y.zero_()).toThrow("Inplace update to inference tensor outside InferenceMode");
  expect(() => y.view(3).mul_(2)).toThrow("Inplace update to inference tensor outside InferenceMode");
  expect(torch.inferenceMode(() => y.add_(1)).tolist()).toEqual([3, 3, 3]);
  expect(y.clone().add_(1).tolist()).toEqual([4, 4, 4]);
});

test("its tensors cannot be saved for backward, but added", () => {
  const w: Tensor = torch.ones(3, { requiresGrad: true });
  const y: Tensor = torch.inferenceMode(() => torch.ones(3));
  expect(() => w.mul(y)).toThrow("Inference tensors cannot be saved for backward");
  expect(() => torch.matmul(w, y)).toThrow("Inference tensors cannot be saved for backward");
  expect(w.add(y).requiresGrad).toBe(true);
  expect(w.mul(y.clone()).requiresGrad).toBe(true);
  expect(() => y.requiresGrad_()).toThrow("inference tensor");
});
