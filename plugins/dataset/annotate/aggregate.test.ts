import { expect, test } from "bun:test";
import { ops, Tensor } from "../../../ffi";
import { type Camera, intrinsicsFromFov, lookAt, unproject, type Vec3 } from "../../earth/api";
import { letterF, letterFTensors } from "../capture/letter-f.fixture";
import { NEAREST_M, rasterCameras, SceneRenderer } from "../capture/render";
import { dct } from "../features/dct";
import { imageFeatures, VOXEL_CHANNELS } from "../features/extractor";
import { aggregateViews } from "./aggregate";

const [WIDTH, HEIGHT] = [32, 24];
const camera = (eye: Vec3): Camera => ({ c2w: lookAt(eye, [20, -30, 0]), ...intrinsicsFromFov(0.9, WIDTH, HEIGHT) });
const cameras = [camera([0, -80, 480]), camera([250, -330, 160]), camera([-160, 240, 90])];
const scene = letterF(80, (x, y) => 0.1 * x - 0.05 * y);
const options = { far_m: 600, exponent_view: 3, exponent_depth: 3 };
const difference = (a: ArrayLike<number>, b: ArrayLike<number>): Vec3 => [a[0]! - b[0]!, a[1]! - b[1]!, a[2]! - b[2]!];
const unit = (v: Vec3): Vec3 => v.map((x) => x / Math.hypot(...v)) as unknown as Vec3;

test("equals Listing 1, pixel by pixel in double", () => {
  const mesh = letterFTensors(scene);
  const views = new SceneRenderer(mesh, { azimuth_deg: 150, elevation_deg: 50, ambient: 0.5, sun: 0.65, shadow_m: 0 }).render(cameras, 1);
  const found = aggregateViews(mesh, cameras, views, dct, options);

  const { viewmats, Ks } = rasterCameras(cameras);
  const [faceMap, , depthMap] = ops.earthcraft.meshRaster(mesh.vertices, mesh.faces, viewmats, Ks, WIDTH, HEIGHT, NEAREST_M);
  const [face, depth, label] = [faceMap.toArray(), depthMap.toArray(), views.semantic.toArray()];
  const image = imageFeatures(dct, views.rgb.permute([0, 3, 1, 2]).to("f32").div(255)).toArray();
  const count = scene.vertices.length / 3;
  const corner = (f: number, k: number) => scene.vertices.subarray(3 * scene.faces[3 * f + k]!, 3 * scene.faces[3 * f + k]! + 3);
  const sums = new Float64Array(count * VOXEL_CHANNELS);
  const classes = new Float64Array(count * 26);
  const weights = new Float64Array(count);
  for (const [v, view] of cameras.entries())
    for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
      const at = v * WIDTH * HEIGHT + pixel;
      if (face[at]! < 0) continue;
      const [a, b, c] = [0, 1, 2].map((k) => corner(face[at]!, k)) as [Float32Array, Float32Array, Float32Array];
      const [p, q] = [difference(b, a), difference(c, a)];
      const normal = unit([p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]]);
      const point = unproject(view, (pixel % WIDTH) + 0.5, Math.floor(pixel / WIDTH) + 0.5, depth[at]!);
      const toCamera = unit(difference([view.c2w[3]!, view.c2w[7]!, view.c2w[11]!], point));
      const cosine = Math.abs(toCamera[0] * normal[0] + toCamera[1] * normal[1] + toCamera[2] * normal[2]);
      const score = cosine ** 3 * Math.max(0, 1 - Math.min(2, depth[at]! / 300) / 2) ** 3; // depth in the paper's units of 300 m
      for (let k = 0; k < 3; k++) {
        const vertex = scene.faces[3 * face[at]! + k]!;
        weights[vertex]! += score;
        classes[26 * vertex + label[at]!]! += score;
        for (let ch = 0; ch < 63; ch++) sums[vertex * VOXEL_CHANNELS + ch]! += score * image[(v * 63 + ch) * WIDTH * HEIGHT + pixel]!;
        for (let ch = 0; ch < 3; ch++) sums[vertex * VOXEL_CHANNELS + 63 + ch]! += score * normal[ch]!;
      }
    }
  const [feats, semantic, seen] = [found.feats.toArray(), found.semantic.toArray(), found.seen.to("u8").toArray()];
  let both = 0;
  for (let vertex = 0; vertex < count; vertex++) {
    expect(seen[vertex]).toBe(weights[vertex]! > 0 ? 1 : 0);
    if (weights[vertex] === 0) continue;
    both++;
    const row = Array.from(sums.subarray(vertex * VOXEL_CHANNELS, (vertex + 1) * VOXEL_CHANNELS), (s) => s / weights[vertex]!);
    const normal = unit(row.slice(63) as unknown as Vec3);
    for (let ch = 0; ch < VOXEL_CHANNELS; ch++)
      expect(Math.abs(feats[vertex * VOXEL_CHANNELS + ch]! - (ch < 63 ? row[ch]! : normal[ch - 63]!))).toBeLessThan(2e-5);
    const own = Array.from(classes.subarray(26 * vertex, 26 * vertex + 26));
    expect(semantic[vertex]).toBe(own.indexOf(Math.max(...own)));
  }
  expect(both).toBeGreaterThan(100);
  expect(both).toBeLessThan(count); // some are seen by no view
}, 30_000);

test("unlabelled pixels vote for no class", () => {
  const mesh = letterFTensors(scene);
  const views = new SceneRenderer(mesh, { azimuth_deg: 150, elevation_deg: 50, ambient: 0.5, sun: 0.65, shadow_m: 0 }).render(cameras, 1);
  const half = views.semantic.mul(
    Tensor.from(
      Uint8Array.from({ length: WIDTH * HEIGHT }, (_, p) => p % 2),
      [1, HEIGHT, WIDTH],
    ),
  );
  const [all, some, none] = [views.semantic, half, half.mul(0)].map((semantic) =>
    aggregateViews(mesh, cameras, { rgb: views.rgb, semantic }, dct, options).semantic.toArray(),
  );
  const agree = Array.from(all!).filter((c, v) => some![v] === c).length / all!.length;
  expect(agree).toBeGreaterThan(0.9);
  expect(Array.from(none!).every((c) => c === 0)).toBe(true);
});
