// Trains the lessons as they are.

import type { AnyLive } from "../../../../lessons/live.ts";
import { serve } from "./trainer.ts";

const lives = import.meta.glob<AnyLive>(["../../../../lessons/*/live.ts", "!**/test/*"], {
  import: "lesson",
});

serve(({ lesson }) => {
  const load = lives[`../../../../lessons/${lesson}/live.ts`];
  return load ? load() : Promise.reject(new Error(`the lesson "${lesson}" has no live part`));
});
