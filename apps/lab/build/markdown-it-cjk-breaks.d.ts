declare module "markdown-it-cjk-breaks" {
  import type { PluginSimple } from "markdown-it";

  const plugin: PluginSimple;
  export default plugin;
}
