// Files in a browser: every reader takes what a page has (File, Blob, stream, the answer of fetch), and checkpoints in the origin's
// private file system and in IndexedDB go on to the same bits after the page was loaded again.

import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "@playwright/test";
import type { Tensor } from "flambeau";
import { build } from "vite";

const fixtures = join(import.meta.dirname, "../../../packages/flambeau/test/io/fixtures");
let folder = "";
let url = "";
let close = (): void => undefined;

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flambeau-page-"));
  await build({
    configFile: false,
    logLevel: "error",
    root: join(import.meta.dirname, "files"),
    build: {
      outDir: folder,
      target: "esnext",
      minify: false,
      lib: { entry: join(import.meta.dirname, "files/page.ts"), formats: ["es"], fileName: "page" },
    },
  });
  const types: Readonly<Record<string, string>> = { ".js": "text/javascript", ".html": "text/html" };
  const server = createServer((request, response) => {
    const name = (request.url ?? "/").slice(1);
    if (name === "") {
      response.writeHead(200, { "content-type": "text/html" });
      response.end('<!doctype html><title>files</title><script type="module" src="page.js"></script>');
      return;
    }
    const path = name.startsWith("fixtures/") ? join(fixtures, name.slice(9)) : join(folder, name);
    readFile(path).then(
      (body) => {
        response.writeHead(200, { "content-type": types[extname(name)] ?? "application/octet-stream" });
        response.end(body);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => {
    server.listen(0, "localhost", listening);
  });
  url = `http://localhost:${(server.address() as AddressInfo).port}/`;
  close = () => {
    server.close();
    server.closeAllConnections();
  };
});
test.afterAll(async () => {
  close();
  await rm(folder, { recursive: true });
});

async function open(page: Page): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => "flambeau" in globalThis);
}

test("readers take a File, a Blob, a stream and a Response", async ({ page }) => {
  await open(page);
  const { archives, written } = JSON.parse(readFileSync(join(fixtures, "numpy.json"), "utf8")) as {
    archives: Record<string, string>;
    written: Record<string, string>;
  };
  const seen = await page.evaluate(
    async ({ npz, npy }) => {
      const torch = globalThis.flambeau;
      const bytes = (base64: string): Uint8Array<ArrayBuffer> =>
        Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const response = await fetch("fixtures/all.safetensors");
      const blob = await response.clone().blob();
      const kinds = [
        response,
        blob,
        new File([blob], "all.safetensors"),
        blob.stream(),
        await blob.arrayBuffer(),
      ];
      const tensors: unknown[] = [];
      for (const file of kinds) {
        const x = await torch.safetensors.load(file);
        tensors.push([x["scalar"]?.item(), x["i16"]?.tolist(), x["bf16"]?.shape]);
      }
      await using part = await torch.safetensors.safeOpen(new File([blob], "all.safetensors"));
      const zip = await torch.numpy.loadz(new Blob([bytes(npz)]));
      const saved = await torch.save({ w: torch.ones(2), epoch: 3 });
      const loaded = (await torch.load(new Blob([saved as Uint8Array<ArrayBuffer>]))) as { epoch: number };
      const writer = new torch.utils.tensorboard.SummaryWriter(null);
      writer.addImage("x", torch.rand(3, 4, 4));
      return {
        tensors,
        part: (await (await part.getSlice("f32")).at("1, 1:3")).tolist() as unknown,
        zip: [zip["x"]?.tolist(), zip["y"]?.tolist()],
        npy: (await torch.numpy.load(new Blob([bytes(npy)]).stream())).tolist() as unknown,
        epoch: loaded.epoch,
        events: writer.bytes().length > 100,
        path: await torch.safetensors
          .loadFile("x.safetensors")
          .catch((e: Error) => `${e.name}: ${e.message}`),
        damaged: await torch.safetensors
          .load(new File([blob.slice(0, 700)], "cut.safetensors"))
          .catch((e: Error) => `${e.name}: ${e.message}`),
        missing: await torch.numpy.load(await fetch("nothing.npy")).catch((e: Error) => e.name),
      };
    },
    { npz: archives["savez_compressed"]!, npy: written["x"]! },
  );
  const rows = [
    [0, 1, 2],
    [3, 4, 5],
  ];
  expect(seen.tensors).toEqual(new Array(5).fill([7.25, [-32768, 32767], [10]]));
  expect(seen.part).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  expect([seen.zip, seen.npy, seen.epoch, seen.events]).toEqual([[rows, [true, false]], rows, 3, true]);
  expect(seen.path).toBe(
    "FileError: x.safetensors: paths exist in Node only; give a File, a Blob, bytes, or `await fetch(url)`",
  );
  expect(seen.damaged).toMatch(/^FileError: cut\.safetensors: is no valid safetensors file: /);
  expect(seen.missing).toBe("FileError");
});

/** Trains in the page from the newest checkpoint of a store up to `steps`; gives what was learned. */
const train = (page: Page, kind: "opfs" | "indexedDB", name: string, steps: number): Promise<unknown> =>
  page.evaluate(
    async ({ kind, name, steps }) => {
      const torch = globalThis.flambeau;
      const { data, nn, optim } = torch;
      torch.manualSeed(1);
      const net = new nn.Sequential(new nn.Linear(4, 8), new nn.Dropout(0.5), new nn.Linear(8, 1));
      const trainer = new optim.Adam(net.parameters(), { lr: 0.05 });
      const X = torch.randn(14, 4);
      const loader = new data.DataLoader(new data.TensorDataset(X), { batchSize: 4, shuffle: true });
      const step = torch.compile((x: Tensor) => {
        trainer.zeroGrad();
        (net(x) as Tensor).square().sum().backward();
        trainer.step();
      });
      const store = torch.files[kind](name);
      const start = { net, trainer, loader, done: 0 };
      let { done } = (await torch.loadCheckpoint(store, start)) ?? start;
      const from = done;
      while (done < steps)
        for (const [x] of loader) {
          step(x as Tensor);
          done++;
          await torch.saveCheckpoint(store, { net, trainer, loader, done }, { keepLast: 2 });
          if (done >= steps) break;
        }
      const kept = (await store.list()).length;
      return { from, kept, weights: Object.values(net.stateDict()).map((x) => x.tolist() as unknown) };
    },
    { kind, name, steps },
  );

for (const kind of ["opfs", "indexedDB"] as const)
  test(`checkpoints in ${kind} resume exactly`, async ({ page }) => {
    await open(page);
    const whole = (await train(page, kind, "whole", 11)) as object;
    expect(whole).toMatchObject({ from: 0, kept: 2 });
    expect(await train(page, kind, "parts/a", 3)).toMatchObject({ from: 0 });
    await open(page);
    expect(await train(page, kind, "parts/a", 6)).toMatchObject({ from: 3 });
    await open(page);
    expect(await train(page, kind, "parts/a", 11)).toEqual({ ...whole, from: 6 });
  });

test("a file that a page may write to", async ({ page }) => {
  await open(page);
  const [keys, after] = await page.evaluate(async () => {
    const torch = globalThis.flambeau;
    const handle = await (await navigator.storage.getDirectory()).getFileHandle("out.safetensors", {
      create: true,
    });
    await torch.safetensors.saveFile({ x: torch.ones(3) }, handle);
    const x = torch.ones(100_000);
    const writing = torch.safetensors.saveFile({ x }, handle);
    x.add_(1);
    const failed = await writing.then(
      () => "",
      (e: Error) => e.message,
    );
    // A write that failed has left the file as it was.
    return [Object.keys(await torch.safetensors.load(await handle.getFile())), failed] as const;
  });
  expect(keys).toEqual(["x"]);
  expect(after).toMatch(/was changed while it was written/);
});
