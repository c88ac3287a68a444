import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { viewsFrom } from "../../test/look-at";
import { numbers, randomTensor } from "../../test/voxels";
import { ops, setThreads, Tensor, threads } from "../index";
import { aggregateLabels, aggregateScores, interpolateMesh, type Mesh, type MeshImage, rasterizeMesh, type Views } from "./index";

/** Hills over 600 × 600 m. */
function hills(n: number): Mesh {
  const vertices: number[] = [];
  const faces: number[] = [];
  for (let i = 0; i < n; ++i)
    for (let j = 0; j < n; ++j) {
      const [x, y] = [(600 * i) / (n - 1) - 300, (600 * j) / (n - 1) - 300];
      vertices.push(x, y, 35 * Math.sin(x / 47) * Math.cos(y / 53));
      const a = i * n + j;
      if (i + 1 < n && j + 1 < n) faces.push(a, a + n, a + n + 1, a, a + n + 1, a + 1);
    }
  return { vertices: Tensor.from(Float32Array.from(vertices), [n * n, 3]), faces: Tensor.from(Int32Array.from(faces), [faces.length / 3, 3]) };
}

/** Listing 1 of the paper, pixel by pixel in double: every pixel to each of its face's three vertices. */
function listing(mesh: Mesh, views: Views, image: MeshImage, features: Tensor, mask: Tensor) {
  const channels = features.shape[3]!;
  const v = mesh.vertices.toArray();
  const faces = mesh.faces.toArray();
  const position = interpolateMesh(mesh, image, mesh.vertices).toArray();
  const [face, depth, value, counts, m] = [image.face, image.depth, features, mask, views.viewmats].map((t) => t.toArray()) as ArrayLike<number>[];
  const sums = new Float64Array(mesh.vertices.shape[0]! * channels);
  const weights = new Float64Array(mesh.vertices.shape[0]!);
  for (let p = 0; p < face!.length; ++p) {
    const row = Array.from({ length: channels }, (_, c) => value![p * channels + c]!);
    if (face![p]! < 0 || !counts![p] || !row.every(Number.isFinite)) continue;
    const view = 16 * Math.floor(p / (views.width * views.height));
    const eye = [0, 1, 2].map((axis) => -[0, 1, 2].reduce((sum, r) => sum + m![view + 4 * r + axis]! * m![view + 4 * r + 3]!, 0));
    const corner = [0, 1, 2].map((k) => faces[3 * face![p]! + k]!);
    const side = (k: number) => [0, 1, 2].map((axis) => v[3 * corner[k]! + axis]! - v[3 * corner[0]! + axis]!) as [number, number, number];
    const [e, f] = [side(1), side(2)];
    const normal = [e[1] * f[2] - e[2] * f[1], e[2] * f[0] - e[0] * f[2], e[0] * f[1] - e[1] * f[0]];
    const towards = [0, 1, 2].map((axis) => eye[axis]! - position[3 * p + axis]!);
    const cosine = normal.reduce((sum, n, axis) => sum + n * towards[axis]!, 0) / Math.hypot(...normal) / Math.hypot(...towards);
    const distance = Math.min(2, Math.max(0, depth![p]! / 300));
    const score = Math.abs(cosine) ** 3 * Math.max(0, 1 - distance / 2) ** 3;
    for (const vertex of corner) {
      for (let c = 0; c < channels; ++c) sums[vertex * channels + c]! += score * row[c]!;
      weights[vertex]! += score;
    }
  }
  return { sums: Tensor.from(sums, [weights.length, channels]), weights: Tensor.from(weights) };
}

const mesh = hills(25);
const views = viewsFrom(
  [
    [250, -300, 200],
    [-250, -100, 300],
    [1, 2, 450],
  ],
  [0, 20, 0],
  { width: 60, height: 44, focal: 50 },
);
const image = rasterizeMesh(mesh, views);
const size = [3, 44, 60];
const features = randomTensor([...size, 5], 1, "f32");
const next = numbers(2);
const mask = Tensor.from(
  Uint8Array.from({ length: 3 * 44 * 60 }, () => (next() < 0.8 ? 1 : 0)),
  size,
  { dtype: "bool" },
);

describe("aggregateScores", () => {
  test("equals Listing 1", () => {
    const { sums, weights } = aggregateScores(mesh, views, image, features, { mask });
    const expected = listing(mesh, views, image, features, mask);
    expect(weights.gt(0).sum().item()).toBeGreaterThan(300);
    expect(weights).toBeCloseToTensor(expected.weights, { rtol: 1e-5, atol: 1e-6 });
    expect(sums).toBeCloseToTensor(expected.sums, { rtol: 1e-5, atol: 1e-5 });
  });

  test("a pixel with NaN or infinite features counts nowhere", () => {
    const centre = (22 * 60 + 30) * 5;
    const values = Float32Array.from(features.toArray());
    values[centre + 2] = Number.NaN;
    values[centre + 44 * 60 * 5] = Number.POSITIVE_INFINITY;
    const broken = Tensor.from(values, [...size, 5]);
    const { sums, weights } = aggregateScores(mesh, views, image, broken, { mask });
    const expected = listing(mesh, views, image, broken, mask);
    expect(ops.aten.isfinite(sums).sum().item()).toBe(sums.numel);
    expect(weights).toBeCloseToTensor(expected.weights, { rtol: 1e-5, atol: 1e-6 });
    expect(sums).toBeCloseToTensor(expected.sums, { rtol: 1e-5, atol: 1e-5 });
  });

  test("a vertex that no pixel saw has weight 0", () => {
    const below = { vertices: Tensor.cat([mesh.vertices, Tensor.from([0, 0, -500], [1, 3])]), faces: mesh.faces };
    const { sums, weights } = aggregateScores(below, views, rasterizeMesh(below, views), features);
    expect(weights.toArray().at(-1)).toBe(0);
    expect([...sums.toArray().subarray(-5)]).toEqual([0, 0, 0, 0, 0]);
  });

  test("classes count as one-hot features do; labels beyond them as nothing", () => {
    const labels = Uint8Array.from({ length: 3 * 44 * 60 }, () => Math.floor(next() * 6));
    const oneHot = Float32Array.from({ length: 4 * labels.length }, (_, i) => (labels[Math.floor(i / 4)] === i % 4 ? 1 : 0));
    const known = Tensor.from(
      labels.map((label) => (label < 4 ? 1 : 0)),
      size,
      { dtype: "bool" },
    );
    const counted = aggregateLabels(mesh, views, image, Tensor.from(labels, size), 4, { mask });
    const expected = aggregateScores(mesh, views, image, Tensor.from(oneHot, [...size, 4]), { mask: mask.logicalAnd(known) });
    expect(counted.sums).toEqualTensor(expected.sums);
    expect(counted.weights).toEqualTensor(expected.weights);
  });

  test("bits do not depend on threads", () => {
    const before = threads();
    const run = (count: number) => {
      setThreads(count);
      return aggregateScores(mesh, views, image, features);
    };
    const [one, three] = [run(1), run(3)];
    setThreads(before);
    expect(three.sums).toEqualTensor(one.sums);
    expect(three.weights).toEqualTensor(one.weights);
  });

  test("refuses features of another size than the pictures", () => {
    expect(() => aggregateScores(mesh, views, image, features.narrow(1, 0, 10))).toThrow(
      "features must be float32 [V, H, W, C] with [V, H, W] = [3, 44, 60]",
    );
  });
});
