export { CBlock, ModulatedCBlock } from "./c-block";
export type { Modulation } from "./modulation";
export { positionsOf } from "./positions";
export { type Attention, blocksBefore, modulatedBlock, modulatedStack, tStack } from "./stack";
export { ModulatedTBlock, TBlock } from "./t-block";
export { TimestepEmbedding } from "./timestep";
