// Pictures by their kind.

import type { Picture } from "../../../../lessons/live.ts";

export type Of<Kind extends Picture["kind"]> = Extract<Picture, { kind: Kind }>;
