export { CrossAttention, SelfAttention } from "./attention";
export { CBlock, ModulatedCBlock } from "./c-block";
export { scaledXavier } from "./init";
export type { Modulation } from "./modulation";
export { positionsOf } from "./positions";
export { type Attention, modulatedBlock, modulatedStack, reachOf, tStack } from "./stack";
export { ModulatedTBlock, TBlock } from "./t-block";
export { TimestepEmbedding } from "./timestep";
