import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { meshFacts } from "../../test/mesh-facts";
import { peer, runPeer } from "../../test/peers/python";
import { numbers, randomTensor } from "../../test/voxels";
import { ops, setThreads, Tensor, threads } from "../index";
import { type Mesh, marchingCubes, marchingCubesBySlabs, type SurfaceOptions } from "./index";

type Shape = readonly [number, number, number];
type Field = (x: number, y: number, z: number) => number;

/** Values of a field at whole numbers of steps from an origin. */
function sampled(shape: Shape, field: Field, step: Shape = [1, 1, 1], origin: Shape = [0, 0, 0]): Tensor {
  const values = new Float32Array(shape[0] * shape[1] * shape[2]);
  let to = 0;
  for (let i = 0; i < shape[0]; ++i)
    for (let j = 0; j < shape[1]; ++j)
      for (let k = 0; k < shape[2]; ++k) values[to++] = field(origin[0] + i * step[0], origin[1] + j * step[1], origin[2] + k * step[2]);
  return Tensor.from(values, shape);
}

const closed = { openEdges: 0, badEdges: 0, badVertices: 0, badFaces: 0 };
const padded = (volume: Tensor, outside: number) => ops.aten.constantPadNd(volume, [1, 1, 1, 1, 1, 1], outside);
const flat = (mesh: Mesh) => [...mesh.faces.toArray()];

describe("marchingCubes", () => {
  test("a ball: closed, one piece, area and volume within the error of chords, outside is where its faces look", () => {
    const spacing: Shape = [0.1, 0.07, 0.12];
    const origin: Shape = [-1.23, -1.11, 2.8];
    const ball: Field = (x, y, z) => 1 - Math.hypot(x - 0.05, y + 0.02, z - 4);
    const mesh = marchingCubes(sampled([27, 33, 23], ball, spacing, origin), { spacing, origin });
    const facts = meshFacts(mesh);
    expect(facts).toMatchObject({ ...closed, euler: 2 });
    expect(facts.area / (4 * Math.PI)).toBeGreaterThan(0.99);
    expect(facts.area / (4 * Math.PI)).toBeLessThan(1);
    expect(facts.volume / ((4 / 3) * Math.PI)).toBeGreaterThan(0.985);
    expect(facts.volume / ((4 / 3) * Math.PI)).toBeLessThan(1);
    const v = mesh.vertices.toArray();
    for (let i = 0; i < v.length; i += 3) expect(Math.abs(ball(v[i]!, v[i + 1]!, v[i + 2]!))).toBeLessThan(2e-3);
  });

  test("a ring has Euler number 0; its axes are x, y, z in the volume's order", () => {
    const ring: Field = (x, y, z) => Math.hypot(Math.hypot(x, y) - 12, z) - 4;
    const mesh = marchingCubes(sampled([40, 36, 14], ring, [1, 1, 1], [-19.3, -17.1, -6.6]), { inside: "below", origin: [-19.3, -17.1, -6.6] });
    const facts = meshFacts(mesh);
    expect(facts).toMatchObject({ ...closed, euler: 0 });
    expect(Math.abs(facts.volume / (2 * Math.PI ** 2 * 12 * 16) - 1)).toBeLessThan(0.02);
    expect(Math.abs(facts.area / (4 * Math.PI ** 2 * 12 * 4) - 1)).toBeLessThan(0.01);
    const reach = [0, 1, 2].map((axis) => mesh.vertices.select(1, axis).max().item());
    for (const [axis, expected] of [16, 16, 4].entries()) expect(Math.abs(reach[axis]! - expected)).toBeLessThan(0.05);
  });

  test("one cell, one corner: the triangle that cuts it off, by hand", () => {
    const values = new Float32Array(8).fill(-1);
    values[0] = 1; // corner (0, 0, 0)
    const mesh = marchingCubes(Tensor.from(values, [2, 2, 2]), { level: -0.5, spacing: [1, 10, 100], origin: [5, 6, 7] });
    // In the order of the volume: on the edges along z, y, x; three quarters of the way from 1 to −1.
    expect([...mesh.vertices.toArray()]).toEqual([5, 6, 82, 5, 13.5, 7, 5.75, 6, 7]);
    expect(flat(mesh)).toEqual([0, 2, 1]);
  });

  test("each of the 256 cells is closed by the cells around it, both ways round", () => {
    // Cell after cell along x, two planes of what is outside between them.
    const cells = (inside: number, outside: number) => {
      const values = new Float32Array(256 * 4 * 16).fill(outside);
      for (let which = 0; which < 256; ++which)
        for (let corner = 0; corner < 8; ++corner)
          if ((which >> corner) & 1) values[(4 * which + 1 + (corner >> 2)) * 16 + (1 + ((corner >> 1) & 1)) * 4 + 1 + (corner & 1)] = inside;
      return Tensor.from(values, [1024, 4, 4]);
    };
    const above = meshFacts(marchingCubes(cells(0.7, -0.4)));
    const below = meshFacts(marchingCubes(cells(-0.7, 0.4), { inside: "below" }));
    expect(above).toMatchObject(closed);
    expect(below).toEqual(above);
    expect(above.volume).toBeGreaterThan(256);
    // Around one corner inside, and around all but one: on their own, so that neither mends the other.
    const holed = meshFacts(marchingCubes(cells(-0.4, 0.7)));
    expect(holed).toMatchObject({ badEdges: 0, badVertices: 0, badFaces: 0 });
  });

  test("noise closes, ambiguous faces and all; diagonal corners stay joined", () => {
    for (const seed of [1, 2, 3]) {
      const volume = padded(randomTensor([13, 70, 21], seed, "f32"), -2);
      const facts = meshFacts(marchingCubes(volume, { level: 0.1 * seed }));
      expect(facts).toMatchObject(closed);
      expect(facts.faces).toBeGreaterThan(20_000);
    }
    // Two corners across a face's diagonal: one piece, so the Euler number of one ball.
    const two = Tensor.from(Float32Array.of(1, -1, -1, 1, -1, -1, -1, -1), [2, 2, 2]);
    expect(meshFacts(marchingCubes(padded(two, -1))).euler).toBe(2);
  });

  test("where the surface leaves the volume it is open, and nowhere else", () => {
    const { openEdges, badEdges, badVertices, area } = meshFacts(marchingCubes(sampled([9, 6, 12], (x) => x - 3.25)));
    expect([openEdges, badEdges, badVertices]).toEqual([2 * (5 + 11), 0, 0]);
    expect(area).toBeCloseTo(5 * 11, 4);
  });

  test("below of a volume is above of its negative", () => {
    const volume = randomTensor([8, 9, 10], 4, "f32");
    const [a, b] = [marchingCubes(volume, { level: 0.2, inside: "below" }), marchingCubes(volume.neg(), { level: -0.2 })];
    expect(a.vertices).toEqualTensor(b.vertices);
    expect(a.faces).toEqualTensor(b.faces);
  });

  test("NaN is outside, at half an edge; infinite values give way to finite ones; the surface stays closed", () => {
    const volume = randomTensor([10, 6, 70], 5, "f32");
    const values = Float32Array.from(volume.toArray());
    const next = numbers(6);
    for (let i = 0; i < 400; ++i)
      values[Math.floor(next() * values.length)] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][i % 3]!;
    const broken = padded(Tensor.from(values, volume.shape), -1);
    const mesh = marchingCubes(broken);
    expect(ops.aten.isfinite(mesh.vertices).all().item()).toBe(1);
    expect(meshFacts(mesh)).toMatchObject(closed);
    const line = (...along: number[]) => {
      const cells = marchingCubes(Tensor.from(Float32Array.from([...along, ...along, ...along, ...along]), [2, 2, along.length]));
      return [...cells.vertices.select(1, 2).toArray()];
    };
    expect(line(1, Number.NaN)).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(line(2, Number.NEGATIVE_INFINITY)).toEqual([0, 0, 0, 0]);
    expect(line(Number.POSITIVE_INFINITY, -2)).toEqual([1, 1, 1, 1]);
    expect(line(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  test("nothing inside, everything inside, no value, one value, one plane: no surface", () => {
    for (const shape of [
      [4, 5, 6],
      [1, 5, 6],
      [5, 1, 6],
      [5, 6, 1],
      [1, 1, 1],
      [0, 5, 6],
      [5, 0, 6],
      [5, 6, 0],
    ] as Shape[])
      for (const value of [-1, 1]) {
        const mesh = marchingCubes(Tensor.zeros(shape).add(value));
        expect([mesh.vertices.shape, mesh.faces.shape]).toEqual([
          [0, 3],
          [0, 3],
        ]);
      }
    expect(marchingCubes(randomTensor([1, 9, 9], 3, "f32")).vertices.shape).toEqual([0, 3]);
  });

  test("rows of 63, 64, 65, 128 and 129 values", () => {
    for (const count of [63, 64, 65, 128, 129]) {
      const volume = randomTensor([5, 4, count], count, "f32");
      const mesh = marchingCubes(padded(volume, -3));
      const whole = meshFacts(mesh);
      expect([count, whole]).toMatchObject([count, closed]);
      // The same volume lying on another axis has the same vertices.
      const lying = marchingCubes(padded(volume.permute([2, 0, 1]), -3));
      const turned = meshFacts(lying);
      const places = ({ vertices }: Mesh, axes: readonly number[]) => {
        const at = vertices.toArray();
        return Array.from({ length: at.length / 3 }, (_, i) => axes.map((axis) => at[3 * i + axis]!.toFixed(4)).join()).sort();
      };
      expect(places(lying, [1, 2, 0])).toEqual(places(mesh, [0, 1, 2]));
      expect([whole.euler, whole.vertices]).toEqual([turned.euler, turned.vertices]);
    }
  });

  test("slabs give the bytes of the whole, whatever their size, and ask for every plane once", () => {
    const volume = randomTensor([23, 12, 70], 7, "f32");
    const options: SurfaceOptions = { level: 0.1, spacing: [0.5, 0.25, 2], origin: [3, -4, 5] };
    const whole = marchingCubes(volume, options);
    for (const planes of [1, 2, 5, 22, 23, 64]) {
      const asked: number[] = [];
      const evaluate = (first: number, count: number) => {
        for (let i = 0; i < count; ++i) asked.push(first + i);
        return volume.narrow(0, first, count);
      };
      const mesh = marchingCubesBySlabs({ shape: [23, 12, 70], evaluate, planes }, options);
      expect(mesh.vertices).toEqualTensor(whole.vertices);
      expect(mesh.faces).toEqualTensor(whole.faces);
      expect(asked).toEqual(Array.from({ length: 23 }, (_, i) => i));
    }
    const none = marchingCubesBySlabs({ shape: [0, 12, 70], evaluate: () => volume });
    expect(none.vertices.shape).toEqual([0, 3]);
    expect(() => marchingCubesBySlabs({ shape: [23, 12, 71], evaluate: () => volume })).toThrow(
      "evaluate(0, 23) gave [23, 12, 70], not [23, 12, 71]",
    );
  });

  test("strides do not matter, and bits do not depend on threads", () => {
    const volume = randomTensor([40, 30, 50], 8, "f32");
    const before = threads();
    const run = (count: number, from: Tensor) => {
      setThreads(count);
      return marchingCubes(from);
    };
    const one = run(1, volume);
    const strided = volume.permute([1, 2, 0]).contiguous().permute([2, 0, 1]);
    for (const other of [run(3, volume), run(2, strided)]) {
      expect(other.vertices).toEqualTensor(one.vertices);
      expect(other.faces).toEqualTensor(one.faces);
    }
    setThreads(before);
  });

  test("refuses what it cannot mean", () => {
    const volume = Tensor.zeros([3, 4, 5]);
    expect(() => marchingCubes(Tensor.zeros([3, 4]))).toThrow("volume must be float32 [X, Y, Z], got Float [3, 4]");
    expect(() => marchingCubes(volume.to("f64"))).toThrow("volume must be float32 [X, Y, Z], got Double");
    expect(() => marchingCubes(volume, { level: Number.NaN })).toThrow("level must be a finite float32");
    expect(() => marchingCubes(volume, { level: 1e39 })).toThrow("level must be a finite float32");
    expect(() => marchingCubes(volume, { spacing: [1, 0, 1] })).toThrow("spacing must be positive");
    expect(() => marchingCubes(volume, { origin: [1, 0, Number.NaN] })).toThrow("origin must be finite");
    expect(() => marchingCubes(volume, { inside: "within" as "above" })).toThrow('inside must be "above" or "below", got "within"');
    const vast = (...shape: number[]) => Tensor.zeros([1, 1, 1]).expand(shape);
    expect(() => marchingCubes(vast(2 ** 21, 2, 2))).toThrow("volume must have less than 2^21 values an axis");
    expect(() => marchingCubes(vast(2 ** 20, 2 ** 20, 4))).toThrow("volume must have less than 2^40 values");
  });

  peer(
    "skimage's surface of the same volume lies as near, and has the same Euler number",
    () => {
      const spacing: Shape = [0.5, 0.4, 0.3];
      const blob: Field = (x, y, z) =>
        Math.exp(-((x - 3) ** 2 + (y - 4) ** 2 + (z - 3) ** 2) / 4) + Math.exp(-((x - 7) ** 2 + (y - 3) ** 2 / 2 + (z - 4) ** 2) / 3);
      const volume = sampled([22, 20, 25], blob, spacing);
      const theirs = runPeer<{ vertices: number[]; faces: number[]; area: number; nearest: number; euler: number }>("surface.py", [], {
        volume: [...volume.toArray()],
        shape: volume.shape,
        level: 0.35,
        spacing,
        ours: [...marchingCubes(volume, { level: 0.35, spacing }).vertices.toArray()],
      });
      const ours = meshFacts(marchingCubes(volume, { level: 0.35, spacing }));
      expect(ours.euler).toBe(theirs.euler);
      expect(Math.abs(ours.area / theirs.area - 1)).toBeLessThan(0.01);
      expect(theirs.nearest).toBeLessThan(1e-4); // both put their vertices on the edges of cells
    },
    120_000,
  );
});
