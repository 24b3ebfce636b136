// Random functions, compiled, against eager code and the reference interpreter: half of the seeds.

import { fuzz } from "./fuzz.ts";

fuzz(0, 2);
