import * as torch from "flambeau";
import { nn } from "flambeau";

torch.manualSeed(0);
const layer = new nn.Linear(256, 256);
const norm = new nn.LayerNorm(256);
const block = torch.compile((x: torch.Tensor<[32, 256]>) => norm(layer(x).relu().mul(2).add(x)));

// en: The first call records what the function does; the second makes a program of it and runs that.
// zh: 第一次调用记录函数做了什么，第二次调用把它编译成程序并运行。
const x = torch.randn(32, 256);
block(x);
block(x);

// en: Its kernels, what was fused and why, bytes and operations.
// zh: 程序有哪些核函数、融合了什么、为什么，以及字节数与运算量。
console.log(String(block.explain()));

// en: Eager and compiled code agree to rounding.
// zh: 逐句执行与编译后的结果只差舍入误差。
const eager = norm(layer(x).relu().mul(2).add(x));
console.log("largest difference:", block(x).sub(eager).abs().max().item());
