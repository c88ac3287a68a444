/** Samples of meshes, splats and pictures, seen by two cameras from above. */
import { noGrad, ops, Tensor } from "../../ffi";
import { coordsOf, randomRows } from "../voxels";
import { data, index, leaf, positive, type Samples } from "./sample";

const e = ops.earthcraft;
const GRID = 40;
const [WIDTH, HEIGHT] = [96, 80];

/** World to camera, looking down from above: the camera's y is the world's −y. */
const viewmats = () =>
  Tensor.from(
    [15, 22].flatMap((x) => [1, 0, 0, -x, 0, -1, 0, 18, 0, 0, -1, 30, 0, 0, 0, 1]),
    [2, 4, 4],
  );
const intrinsics = () =>
  Tensor.from(
    [0, 3].flatMap((shift) => [70, 0, 48 + shift, 0, 70, 40, 0, 0, 1]),
    [2, 3, 3],
  );

/** A rough ground of 40 × 40 corners, one unit apart. */
function ground() {
  const heights = data(GRID * GRID).toArray();
  const vertices = Float32Array.from({ length: 3 * GRID * GRID }, (_, i) => {
    const corner = Math.floor(i / 3);
    return [corner % GRID, Math.floor(corner / GRID), heights[corner]!][i % 3]!;
  });
  const faces: number[] = [];
  for (let y = 0; y + 1 < GRID; ++y)
    for (let x = 0; x + 1 < GRID; ++x) {
      const a = y * GRID + x;
      faces.push(a, a + 1, a + GRID, a + 1, a + GRID + 1, a + GRID);
    }
  return [Tensor.from(vertices, [GRID * GRID, 3]), Tensor.from(Int32Array.from(faces), [faces.length / 3, 3])] as const;
}

/** Of the ground's faces. */
const kept = () => data(2 * (GRID - 1) ** 2).gt(-1.2);

/** The ground with holes and crumbs. */
function torn() {
  const [vertices, faces] = e.meshSelect(...ground(), kept());
  return [vertices, faces] as const;
}

function views() {
  const [vertices, faces] = ground();
  const [face, barycentrics, depth] = e.meshRaster(vertices, faces, viewmats(), intrinsics(), WIDTH, HEIGHT);
  return { vertices, faces, face, barycentrics, depth };
}

function splats(render: typeof e.splatRender, dtype: "f32" | "f64", distortion: boolean) {
  const n = 900;
  const spread = Tensor.from([6, 6, 1]);
  const means = leaf(n, 3)
    .mul(spread)
    .add(Tensor.from([18, 18, 0]));
  const [quats, scales, opacities, colors] = [leaf(n, 4), positive(n, 3), leaf(n).sigmoid(), leaf(n, 3)];
  const all = [means, quats, scales, opacities, colors, viewmats(), intrinsics()].map((t) => t.to(dtype));
  return render(all[0]!, all[1]!, all[2]!, all[3]!, all[4]!, all[5]!, all[6]!, WIDTH, HEIGHT, null, null, 0.01, 1e10, distortion);
}

/** What the two cameras see of 3000 voxels. */
function seenVoxels() {
  const coords = e
    .voxelUnique(coordsOf(randomRows({ count: 3000, extent: [40, 36, 6], seed: 5 })))[0]
    .narrow(1, 1, 3)
    .contiguous();
  return e.voxelCast(coords, [0, 0, 0], 1, viewmats(), intrinsics(), WIDTH, HEIGHT);
}

export const geometry: Samples = {
  "earthcraft::image_to_voxels": () => e.imageToVoxels(leaf(2, 16, 10, 12), seenVoxels()[0], 3000, 8),
  "earthcraft::marching_cubes": () => e.marchingCubes(data(20, 24, 70), 0.3, [0.5, 2, 1], [3, 4, 5]),
  "earthcraft::mesh_components": () => [...e.meshComponents(...torn()), ...e.meshComponents(...torn(), "edges")],
  "earthcraft::mesh_fill_holes": () => e.meshFillHoles(...torn(), 40),
  "earthcraft::mesh_interpolate": () => {
    const { face, barycentrics, faces } = views();
    return e.meshInterpolate(face, barycentrics, faces, data(GRID * GRID, 5));
  },
  "earthcraft::mesh_raster": () => e.meshRaster(...ground(), viewmats(), intrinsics(), WIDTH, HEIGHT),
  "earthcraft::mesh_raster_reference": () => e.meshRasterReference(...ground(), viewmats(), intrinsics(), WIDTH, HEIGHT),
  "earthcraft::mesh_select": () => e.meshSelect(...ground(), kept()),
  "earthcraft::mesh_visibility": () => e.meshVisibility(...ground(), viewmats(), intrinsics(), WIDTH, HEIGHT),
  "earthcraft::mesh_voxelize": () => e.meshVoxelize(...ground(), [0, 0, -4], 0.5, [80, 80, 16]),
  "earthcraft::score_aggregate": () => {
    const { vertices, faces, face, depth } = views();
    return e.scoreAggregate(vertices, faces, face, depth, viewmats(), intrinsics(), data(2, HEIGHT, WIDTH, 3));
  },
  "earthcraft::score_aggregate_labels": () => {
    const { vertices, faces, face, depth } = views();
    return e.scoreAggregateLabels(vertices, faces, face, depth, viewmats(), intrinsics(), index(26, 2, HEIGHT, WIDTH).to("u8"), 26);
  },
  "earthcraft::splat_render": () => [...splats(e.splatRender, "f32", false), ...splats(e.splatRender, "f32", true)],
  "earthcraft::splat_render_reference": () => noGrad(() => splats(e.splatRenderReference, "f64", true)),
  "earthcraft::splat_sh": () => e.splatSh(leaf(900, 3), leaf(900, 4, 3), viewmats()),
  "earthcraft::ssim": () => e.ssim(leaf(2, 3, 60, 50), leaf(2, 3, 60, 50)),
  "earthcraft::voxel_cast": seenVoxels,
  "earthcraft::voxels_to_image": () => e.voxelsToImage(leaf(3000, 16), seenVoxels()[0]),
};
