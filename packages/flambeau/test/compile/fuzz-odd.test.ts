// Random functions, compiled, against eager code and the reference interpreter: the other half of the seeds.

import { fuzz } from "./fuzz.ts";

fuzz(1, 2);
