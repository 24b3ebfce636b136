// Programs in addresses.

import { describe, expect, it } from "vitest";
import { decode, encode, fault, isFiles } from "../src/playground/share.ts";

const files = { "main.ts": "console.log('ä 你好 🔥');\n".repeat(40), "lib/data.json": "[]" };

describe("encode and decode", () => {
  it("give the files back, in characters that need no escaping, and shorter", async () => {
    const text = await encode(files);
    expect(text).toMatch(/^1\.[\w-]+$/);
    expect(text.length).toBeLessThan(200);
    expect(await decode(text)).toEqual(files);
  });

  it("refuse in words what is damaged, cut off, of another version, too large, or no files", async () => {
    const text = await encode(files);
    await expect(decode(text.slice(0, -9))).rejects.toThrow("damaged or cut off");
    await expect(decode("1.%%%")).rejects.toThrow("damaged or cut off");
    await expect(decode("")).rejects.toThrow('unknown version ""');
    await expect(decode(`2${text.slice(1)}`)).rejects.toThrow('unknown version "2"');
    await expect(decode(await encode({ "main.ts": "x".repeat(2_000_000) }))).rejects.toThrow("too large");
    for (const other of [{}, { "main.ts": 1 }, { "../main.ts": "" }, { "a.json": "" }, ["main.ts"]])
      await expect(decode(await encode(other as never))).rejects.toThrow("holds no files");
  });

  it("does not unpack what would fill the memory", async () => {
    const bomb = new Blob([new Uint8Array(50_000_000)])
      .stream()
      .pipeThrough(new CompressionStream("deflate-raw"));
    const packed = Buffer.from(await new Response(bomb).arrayBuffer()).toString("base64url");
    await expect(decode(`1.${packed}`)).rejects.toThrow("too large");
  });
});

describe("names of files", () => {
  it("are plain", () => {
    for (const path of ["main.ts", "lib/data.json", "plot.data.ts", "a-b_c.ts"])
      expect(fault(path)).toBeUndefined();
    expect(fault("")).toBe("empty");
    for (const path of ["../a.ts", "/a.ts", "a b.ts", "a//b.ts", "a..ts", `${"a".repeat(70)}.ts`])
      expect(fault(path)).toBe("characters");
    expect(fault("a.js")).toBe("extension");
    expect(isFiles(files)).toBe(true);
    expect(isFiles(null)).toBe(false);
  });
});
