/**
 * The voxels of one 200 m crop of an annotated mesh ("Data Preparation"), with the 66 channels, class and normal of the mesh's point nearest to each voxel's centre.
 */
import { ops, scope, Tensor } from "../../../ffi";
import { CENTRE_M, CLASS_COUNT, type Lattice } from "../../earth/api";
import { VOXEL_CHANNELS } from "../features/extractor";

export interface AnnotatedMesh {
  /** float32 [V, 3], ENU metres. */
  vertices: Tensor;
  /** int32 [F, 3]. */
  faces: Tensor;
  /** float32 [V, 66], Eq. 1. */
  feats: Tensor;
  /** float32 [V, 26], one-hot. */
  classes: Tensor;
}

export interface CropVoxels {
  /** int16 [N, 3], Morton order. */
  coords: Tensor;
  /** float16 [N, 66]. */
  feats: Tensor;
  /** uint8 [N, 3]. */
  rgb: Tensor;
  /** uint8 [N]. */
  semantic: Tensor;
  /** int8 [N, 3], · 127. */
  normal: Tensor;
  /** uint8 [L, L], north-up; 0 where a column is empty. */
  semanticMap: Tensor;
  /** int64 [L, L], north-up: the highest voxel's row, −1 where a column is empty. */
  topIndex: Tensor;
  /** int16 [L, L], north-up: the highest voxel's z, −1 where a column is empty. */
  heightMap: Tensor;
  /** Mean slope of the height map, cells a cell; where either neighbour is empty nothing counts. */
  meanGradient: number;
  /** Voxels above the window. */
  cut: number;
}

/** @param offset cells of the crop's corner on the site's lattice, (x, y) */
export function voxelizeCrop(mesh: AnnotatedMesh, lattice: Lattice, offset: readonly [number, number], highest_m: number): CropVoxels {
  const { cells, voxel_m, zFloor_m } = lattice;
  return scope(() => {
    const origin = [offset[0] * voxel_m - CENTRE_M / 2, offset[1] * voxel_m - CENTRE_M / 2, zFloor_m];
    const tall = Math.max(cells, Math.floor((highest_m - zFloor_m) / voxel_m) + 1);
    const [all_N3, allFace, allBarycentrics] = ops.earthcraft.meshVoxelize(mesh.vertices, mesh.faces, origin, voxel_m, [cells, cells, tall]);
    const inside = ops.aten.nonzero(all_N3.select(1, 2).lt(cells)).flatten();
    const [coords_N3, face, barycentrics] = [all_N3, allFace, allBarycentrics].map((t) => t.indexSelect(0, inside)) as [Tensor, Tensor, Tensor];
    const at = (attributes: Tensor) => ops.earthcraft.meshInterpolate(face, barycentrics, mesh.faces, attributes);
    const feats = at(mesh.feats);
    const normal = feats.narrow(1, VOXEL_CHANNELS - 3, 3);
    const unit = normal.div(ops.aten.linalgVectorNorm(normal, 2, [1], true).clamp(1e-12));
    const rgb = feats
      .narrow(1, VOXEL_CHANNELS - 18, 3)
      .add(1)
      .mul(127.5); // the middle of cross-RGB, in [−1, 1]
    const semantic = at(mesh.classes).argmax(1).to("u8");
    const top = topDown(coords_N3, cells);
    return {
      coords: coords_N3.to("i16"),
      feats: ops.aten.cat([feats.narrow(1, 0, VOXEL_CHANNELS - 3), unit], 1).to("f16"),
      rgb: rgb.clamp(0, 255).round().to("u8"),
      semantic,
      normal: unit.mul(127).round().to("i8"),
      semanticMap: paint(top.index, semantic.unsqueeze(-1), 0).squeeze(-1),
      topIndex: top.index,
      heightMap: top.height,
      meanGradient: meanGradient(top.height),
      cut: all_N3.shape[0]! - coords_N3.shape[0]!,
    };
  });
}

/**
 * The highest voxel of each column as a north-up map: row r, column c ↔ x = c, y = L − 1 − r.
 *
 * @returns `index` int64 [L, L] into the voxels and `height` int16 [L, L], its z; both −1 where a column is empty
 */
export function topDown(coords_N3: Tensor, cells: number): { index: Tensor; height: Tensor } {
  return scope(() => {
    const [x, y, z] = [0, 1, 2].map((k) => coords_N3.select(1, k).to("i64")) as [Tensor, Tensor, Tensor];
    const count = Math.max(1, coords_N3.shape[0]!);
    // Height and index in one number, so that the highest voxel brings its index along.
    const key = z.mul(count).add(Tensor.arange(coords_N3.shape[0]!));
    const top = ops.aten.scatterReduce(
      Tensor.full([cells * cells], -1, { dtype: "i64" }),
      0,
      y
        .neg()
        .add(cells - 1)
        .mul(cells)
        .add(x),
      key,
      "amax",
    );
    const height = ops.aten.floorDivide(top, Tensor.scalar(count, { dtype: "i64" }));
    return { index: ops.aten.where(top.lt(0), top, top.sub(height.mul(count))).view([cells, cells]), height: height.to("i16").view([cells, cells]) };
  });
}

/** Rows of `values_NC` where the map's index is, `empty` elsewhere: [L, L, C]. */
export function paint(index_LL: Tensor, values_NC: Tensor, empty: number): Tensor {
  return scope(() => {
    const picked = values_NC.indexSelect(0, index_LL.clamp(0).flatten()).view([...index_LL.shape, values_NC.shape[1]!]);
    return ops.aten.maskedFill(picked, index_LL.lt(0).unsqueeze(-1), empty);
  });
}

/** Mean length of the gradient of heights [L, L]; cells below 0 are empty. */
export function meanGradient(height_LL: Tensor): number {
  return scope(() => {
    const [rows, columns] = height_LL.shape as [number, number];
    const part = (row: number, column: number) =>
      height_LL
        .to("f32")
        .narrow(0, row, rows - 1)
        .narrow(1, column, columns - 1);
    const [here, east, south] = [part(0, 0), part(0, 1), part(1, 0)];
    const valid = here.ge(0).logicalAnd(east.ge(0)).logicalAnd(south.ge(0));
    const slope = east.sub(here).pow(2).add(south.sub(here).pow(2)).sqrt().where(valid, 0);
    return slope.sum().item() / Math.max(1, valid.to("f32").sum().item());
  });
}

/** One-hot classes, float32 [V, 26]. */
export function oneHot(semantic_V: Tensor): Tensor {
  return scope(() => ops.aten.scatter(Tensor.zeros([semantic_V.shape[0]!, CLASS_COUNT]), 1, semantic_V.to("i64").unsqueeze(-1), 1));
}
