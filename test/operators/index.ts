/** All samples, by line of `ops.txt`. */
import { layers, pointwise, reductions, shapes } from "./aten";
import { core } from "./core";
import { geometry } from "./geometry";
import { hashgrid } from "./hashgrid";
import { fused } from "./pointwise";
import type { Samples } from "./sample";
import { sparse } from "./sparse";

export const samples: Samples = { ...pointwise, ...reductions, ...shapes, ...layers, ...core, ...sparse, ...geometry, ...hashgrid, ...fused };
