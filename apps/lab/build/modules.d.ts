// Libraries of the build that bring no types.

declare module "markdown-it-cjk-breaks" {
  import type { PluginSimple } from "markdown-it";

  const plugin: PluginSimple;
  export default plugin;
}

declare module "subset-font" {
  /** The font with the glyphs of a text. */
  export default function subsetFont(
    font: Buffer,
    text: string,
    options: { targetFormat: "sfnt" | "woff" | "woff2" },
  ): Promise<Buffer>;
}
