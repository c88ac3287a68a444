/**
 * StructFM's condition branch: whatever the condition, it ends as voxels of the L/8 grid with features for ClassSFM and LatentSFM.
 *
 * Image points lie in space already. The semantic (and the empty) map passes the network as one plane at z = L/2 and is then repeated through all L/8 layers. Last, a linear layer of the position
 * embedding tells each voxel where it is.
 */
import { Linear, Module, ops, Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";
import { positionsOf } from "../blocks";
import { CondNet, type CondNetConfig } from "./cond-net";
import type { StructCondition } from "./struct-condition";
import { STRUCT_CONDITION_CHANNELS } from "./struct-condition";

/** Levels halve three times. */
const REDUCTION = 8;

export class StructCondNet extends Module {
  readonly net: CondNet;
  readonly position: Linear;

  constructor(readonly config: CondNetConfig) {
    super();
    this.net = new CondNet(STRUCT_CONDITION_CHANNELS, config);
    this.position = new Linear(this.channels, this.channels);
  }

  get channels(): number {
    return this.config.channels[3]!;
  }

  /** @returns voxels of the (L/8)³ grid with `channels` features: all of them for a plane, the seen ones for an image */
  forward(condition: StructCondition): SparseTensor {
    const coarse = this.net.forward(condition.voxels)[3]!;
    const placed = condition.shape === "plane" ? repeatThroughHeight(coarse, condition.extent / REDUCTION) : coarse;
    return placed.withFeats(placed.feats.add(this.position.forward(positionsOf(placed.coords, this.channels))));
  }
}

/** One layer becomes `height` layers of the same features at z = 0 … height − 1; a column's voxels lie together. */
function repeatThroughHeight(plane: SparseTensor, height: number): SparseTensor {
  const [n, channels] = plane.feats.shape as [number, number];
  const column = ops.aten.repeatInterleave(plane.coords.narrow(1, 0, 3), height, 0);
  const z = Tensor.from(
    Int32Array.from({ length: n * height }, (_, i) => i % height),
    [n * height, 1],
    { device: plane.feats.device },
  );
  const feats = plane.feats
    .reshape([n, 1, channels])
    .expand([n, height, channels])
    .reshape([n * height, channels]);
  return SparseTensor.of(ops.aten.cat([column, z], 1), feats);
}
