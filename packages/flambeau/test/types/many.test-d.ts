// 200 calls, a chain of ten for each of twenty shapes of its own: the measure of what shapes in types cost (under 2 s).

import * as torch from "../../src/ops/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { is } from "./expect.ts";

declare const x0: Tensor<[16, 3, 8, 8]>;
declare const w0: Tensor<[192, 10]>;
declare const b0: Tensor<[10]>;
const y0: Tensor<[16, 10]> = x0
  .mul(2)
  .add(x0.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w0)
  .add(b0);
is<Tensor<[16, 4, 48]>>()(x0.permute(0, 2, 3, 1).reshape(16, 4, -1));
is<Tensor<[32, 10]>>()(torch.cat([y0, y0.softmax(-1)]));

declare const x1: Tensor<[17, 4, 10, 10]>;
declare const w1: Tensor<[400, 11]>;
declare const b1: Tensor<[11]>;
const y1: Tensor<[17, 11]> = x1
  .mul(2)
  .add(x1.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w1)
  .add(b1);
is<Tensor<[17, 5, 80]>>()(x1.permute(0, 2, 3, 1).reshape(17, 5, -1));
is<Tensor<[34, 11]>>()(torch.cat([y1, y1.softmax(-1)]));

declare const x2: Tensor<[18, 5, 12, 12]>;
declare const w2: Tensor<[720, 12]>;
declare const b2: Tensor<[12]>;
const y2: Tensor<[18, 12]> = x2
  .mul(2)
  .add(x2.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w2)
  .add(b2);
is<Tensor<[18, 6, 120]>>()(x2.permute(0, 2, 3, 1).reshape(18, 6, -1));
is<Tensor<[36, 12]>>()(torch.cat([y2, y2.softmax(-1)]));

declare const x3: Tensor<[19, 6, 14, 14]>;
declare const w3: Tensor<[1176, 13]>;
declare const b3: Tensor<[13]>;
const y3: Tensor<[19, 13]> = x3
  .mul(2)
  .add(x3.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w3)
  .add(b3);
is<Tensor<[19, 7, 168]>>()(x3.permute(0, 2, 3, 1).reshape(19, 7, -1));
is<Tensor<[38, 13]>>()(torch.cat([y3, y3.softmax(-1)]));

declare const x4: Tensor<[20, 7, 16, 16]>;
declare const w4: Tensor<[1792, 14]>;
declare const b4: Tensor<[14]>;
const y4: Tensor<[20, 14]> = x4
  .mul(2)
  .add(x4.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w4)
  .add(b4);
is<Tensor<[20, 8, 224]>>()(x4.permute(0, 2, 3, 1).reshape(20, 8, -1));
is<Tensor<[40, 14]>>()(torch.cat([y4, y4.softmax(-1)]));

declare const x5: Tensor<[21, 8, 18, 18]>;
declare const w5: Tensor<[2592, 15]>;
declare const b5: Tensor<[15]>;
const y5: Tensor<[21, 15]> = x5
  .mul(2)
  .add(x5.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w5)
  .add(b5);
is<Tensor<[21, 9, 288]>>()(x5.permute(0, 2, 3, 1).reshape(21, 9, -1));
is<Tensor<[42, 15]>>()(torch.cat([y5, y5.softmax(-1)]));

declare const x6: Tensor<[22, 9, 20, 20]>;
declare const w6: Tensor<[3600, 16]>;
declare const b6: Tensor<[16]>;
const y6: Tensor<[22, 16]> = x6
  .mul(2)
  .add(x6.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w6)
  .add(b6);
is<Tensor<[22, 10, 360]>>()(x6.permute(0, 2, 3, 1).reshape(22, 10, -1));
is<Tensor<[44, 16]>>()(torch.cat([y6, y6.softmax(-1)]));

declare const x7: Tensor<[23, 10, 22, 22]>;
declare const w7: Tensor<[4840, 17]>;
declare const b7: Tensor<[17]>;
const y7: Tensor<[23, 17]> = x7
  .mul(2)
  .add(x7.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w7)
  .add(b7);
is<Tensor<[23, 11, 440]>>()(x7.permute(0, 2, 3, 1).reshape(23, 11, -1));
is<Tensor<[46, 17]>>()(torch.cat([y7, y7.softmax(-1)]));

declare const x8: Tensor<[24, 11, 24, 24]>;
declare const w8: Tensor<[6336, 18]>;
declare const b8: Tensor<[18]>;
const y8: Tensor<[24, 18]> = x8
  .mul(2)
  .add(x8.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w8)
  .add(b8);
is<Tensor<[24, 12, 528]>>()(x8.permute(0, 2, 3, 1).reshape(24, 12, -1));
is<Tensor<[48, 18]>>()(torch.cat([y8, y8.softmax(-1)]));

declare const x9: Tensor<[25, 12, 26, 26]>;
declare const w9: Tensor<[8112, 19]>;
declare const b9: Tensor<[19]>;
const y9: Tensor<[25, 19]> = x9
  .mul(2)
  .add(x9.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w9)
  .add(b9);
is<Tensor<[25, 13, 624]>>()(x9.permute(0, 2, 3, 1).reshape(25, 13, -1));
is<Tensor<[50, 19]>>()(torch.cat([y9, y9.softmax(-1)]));

declare const x10: Tensor<[26, 13, 28, 28]>;
declare const w10: Tensor<[10192, 20]>;
declare const b10: Tensor<[20]>;
const y10: Tensor<[26, 20]> = x10
  .mul(2)
  .add(x10.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w10)
  .add(b10);
is<Tensor<[26, 14, 728]>>()(x10.permute(0, 2, 3, 1).reshape(26, 14, -1));
is<Tensor<[52, 20]>>()(torch.cat([y10, y10.softmax(-1)]));

declare const x11: Tensor<[27, 14, 30, 30]>;
declare const w11: Tensor<[12600, 21]>;
declare const b11: Tensor<[21]>;
const y11: Tensor<[27, 21]> = x11
  .mul(2)
  .add(x11.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w11)
  .add(b11);
is<Tensor<[27, 15, 840]>>()(x11.permute(0, 2, 3, 1).reshape(27, 15, -1));
is<Tensor<[54, 21]>>()(torch.cat([y11, y11.softmax(-1)]));

declare const x12: Tensor<[28, 15, 32, 32]>;
declare const w12: Tensor<[15360, 22]>;
declare const b12: Tensor<[22]>;
const y12: Tensor<[28, 22]> = x12
  .mul(2)
  .add(x12.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w12)
  .add(b12);
is<Tensor<[28, 16, 960]>>()(x12.permute(0, 2, 3, 1).reshape(28, 16, -1));
is<Tensor<[56, 22]>>()(torch.cat([y12, y12.softmax(-1)]));

declare const x13: Tensor<[29, 16, 34, 34]>;
declare const w13: Tensor<[18496, 23]>;
declare const b13: Tensor<[23]>;
const y13: Tensor<[29, 23]> = x13
  .mul(2)
  .add(x13.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w13)
  .add(b13);
is<Tensor<[29, 17, 1088]>>()(x13.permute(0, 2, 3, 1).reshape(29, 17, -1));
is<Tensor<[58, 23]>>()(torch.cat([y13, y13.softmax(-1)]));

declare const x14: Tensor<[30, 17, 36, 36]>;
declare const w14: Tensor<[22032, 24]>;
declare const b14: Tensor<[24]>;
const y14: Tensor<[30, 24]> = x14
  .mul(2)
  .add(x14.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w14)
  .add(b14);
is<Tensor<[30, 18, 1224]>>()(x14.permute(0, 2, 3, 1).reshape(30, 18, -1));
is<Tensor<[60, 24]>>()(torch.cat([y14, y14.softmax(-1)]));

declare const x15: Tensor<[31, 18, 38, 38]>;
declare const w15: Tensor<[25992, 25]>;
declare const b15: Tensor<[25]>;
const y15: Tensor<[31, 25]> = x15
  .mul(2)
  .add(x15.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w15)
  .add(b15);
is<Tensor<[31, 19, 1368]>>()(x15.permute(0, 2, 3, 1).reshape(31, 19, -1));
is<Tensor<[62, 25]>>()(torch.cat([y15, y15.softmax(-1)]));

declare const x16: Tensor<[32, 19, 40, 40]>;
declare const w16: Tensor<[30400, 26]>;
declare const b16: Tensor<[26]>;
const y16: Tensor<[32, 26]> = x16
  .mul(2)
  .add(x16.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w16)
  .add(b16);
is<Tensor<[32, 20, 1520]>>()(x16.permute(0, 2, 3, 1).reshape(32, 20, -1));
is<Tensor<[64, 26]>>()(torch.cat([y16, y16.softmax(-1)]));

declare const x17: Tensor<[33, 20, 42, 42]>;
declare const w17: Tensor<[35280, 27]>;
declare const b17: Tensor<[27]>;
const y17: Tensor<[33, 27]> = x17
  .mul(2)
  .add(x17.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w17)
  .add(b17);
is<Tensor<[33, 21, 1680]>>()(x17.permute(0, 2, 3, 1).reshape(33, 21, -1));
is<Tensor<[66, 27]>>()(torch.cat([y17, y17.softmax(-1)]));

declare const x18: Tensor<[34, 21, 44, 44]>;
declare const w18: Tensor<[40656, 28]>;
declare const b18: Tensor<[28]>;
const y18: Tensor<[34, 28]> = x18
  .mul(2)
  .add(x18.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w18)
  .add(b18);
is<Tensor<[34, 22, 1848]>>()(x18.permute(0, 2, 3, 1).reshape(34, 22, -1));
is<Tensor<[68, 28]>>()(torch.cat([y18, y18.softmax(-1)]));

declare const x19: Tensor<[35, 22, 46, 46]>;
declare const w19: Tensor<[46552, 29]>;
declare const b19: Tensor<[29]>;
const y19: Tensor<[35, 29]> = x19
  .mul(2)
  .add(x19.mean([0, 2, 3], { keepdim: true }))
  .flatten(1)
  .matmul(w19)
  .add(b19);
is<Tensor<[35, 23, 2024]>>()(x19.permute(0, 2, 3, 1).reshape(35, 23, -1));
is<Tensor<[70, 29]>>()(torch.cat([y19, y19.softmax(-1)]));
