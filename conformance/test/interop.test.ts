// Files that PyTorch wrote (interop.py fixtures), read to the bit, and what training makes of them.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as torch from "flambeau";
import { expect, describe as suite, test } from "vitest";
import type { Description } from "../interop/describe.ts";
import { describe } from "../interop/describe.ts";
import type { Numbers } from "../interop/networks.ts";
import { distance, modules, optimizers, resumed } from "../interop/networks.ts";

const folder = fileURLToPath(new URL("../interop/fixtures", import.meta.url));
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -".json".length));
const about = (name: string): { value: Description; resumed?: Numbers } =>
  JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8"));

suite("files of PyTorch", () => {
  test("there are some of every kind", () => {
    expect(names).toEqual(
      expect.arrayContaining(["dtypes", "views", "strided", "tied", "modules", "checkpoint"]),
    );
    expect(names).toEqual(expect.arrayContaining(Object.keys(optimizers)));
  });

  test.each(
    names.flatMap(
      (name) =>
        [
          [name, `${name}.pt`],
          [name, `${name}.legacy.pt`],
        ] as const,
    ),
  )("%s: %s has every bit, and has it again when it was written here", async (name, file) => {
    const value = await torch.load(`${folder}/${file}`);
    expect(describe(value)).toEqual(about(name).value);
    expect(describe(await torch.load(await torch.save(value)))).toEqual(about(name).value);
  });

  test.each(Object.keys(optimizers))("%s goes on as in PyTorch", async (name) => {
    expect(
      distance(resumed(name, await torch.load(`${folder}/${name}.pt`)), about(name).resumed!),
    ).toBeLessThan(1e-6);
  });

  test.each(Object.entries(modules))("the state dict of a module: %s", async (name, make) => {
    const module = make();
    const saved = await torch.load(`${folder}/modules.pt`);
    module.loadStateDict(saved[name]);
    expect(Object.keys(module.stateDict())).toEqual(Object.keys(saved[name]));
  });
});
