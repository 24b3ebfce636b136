// What the tests of files in a browser run: the framework, bundled, within reach of the page's programs.

import * as torch from "flambeau";

declare global {
  var flambeau: typeof torch;
}
globalThis.flambeau = torch;
