import { describe, expect, test } from "bun:test";
import { type Building, buildBuilding, metres, resolveBuildings } from "./buildings";
import { Canvas, type XY } from "./canvas";
import { readLandCover } from "./landcover";
import { MeshBuilder, type SceneMesh } from "./mesh";
import { chooseRoof } from "./roof";
import type { PlanBuilding } from "./site-features";

const RECTANGLE: XY[] = [
  [0, 0],
  [16, 0],
  [16, 8],
  [0, 8],
];
const turned = (ring: readonly XY[], angle: number): XY[] =>
  ring.map(([x, y]) => [40 + x * Math.cos(angle) - y * Math.sin(angle), -7 + x * Math.sin(angle) + y * Math.cos(angle)]);
const building = (rings: XY[][], height_m: number, tags: Record<string, string>, min_m = 0): Building => ({
  rings,
  height_m,
  min_m,
  ground_m: 0,
  lowest_m: 0.5,
  landClass: 4,
  source: "height",
  tags,
  key: 1,
});
const meshOf = (b: Building): SceneMesh => {
  const mesh = new MeshBuilder();
  buildBuilding(mesh, b);
  return mesh.build();
};

/** Volume above z = 0 by the divergence theorem: faces with their normals outwards, nothing needed at z = 0. */
function volume({ vertices, faces }: SceneMesh): number {
  let sum = 0;
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [3 * faces[f]!, 3 * faces[f + 1]!, 3 * faces[f + 2]!];
    const area =
      (vertices[b]! - vertices[a]!) * (vertices[c + 1]! - vertices[a + 1]!) - (vertices[b + 1]! - vertices[a + 1]!) * (vertices[c]! - vertices[a]!);
    sum += ((area / 2) * (vertices[a + 2]! + vertices[b + 2]! + vertices[c + 2]!)) / 3;
  }
  return sum;
}

/** The same along x: here the walls count, and neither roof nor ground. */
function sidewaysVolume({ vertices, faces }: SceneMesh): number {
  let sum = 0;
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [3 * faces[f]!, 3 * faces[f + 1]!, 3 * faces[f + 2]!];
    const area =
      (vertices[b + 1]! - vertices[a + 1]!) * (vertices[c + 2]! - vertices[a + 2]!) -
      (vertices[b + 2]! - vertices[a + 2]!) * (vertices[c + 1]! - vertices[a + 1]!);
    sum += ((area / 2) * (vertices[a]! + vertices[b]! + vertices[c]!)) / 3;
  }
  return sum;
}

describe("buildings have the volume of solid geometry, so every roof face looks outwards", () => {
  const rise = 0.38 * 8;
  for (const [shape, expected] of [
    ["flat", 128 * 10],
    ["gabled", 128 * (10 - rise) + (128 * rise) / 2], // a prism
    ["pyramidal", 128 * (10 - rise) + (128 * rise) / 3],
    ["hipped", 128 * (10 - rise) + (8 * 8 * rise) / 2 + (8 * 8 * rise) / 3], // a prism over the ridge's 8 m, and the two halves of a pyramid
  ] as const)
    test(shape, () => {
      for (const angle of [0, 1, 2.5, 4])
        expect(volume(meshOf(building([turned(RECTANGLE, angle)], 10, { "roof:shape": shape })))).toBeCloseTo(expected, 1);
      expect(volume(meshOf(building([[...RECTANGLE.slice(1), RECTANGLE[0]!]], 10, { "roof:shape": shape })))).toBeCloseTo(expected, 1);
    });

  test("a courtyard is not filled, an L is", () => {
    const yard: XY[] = [
      [4, 2],
      [4, 6],
      [12, 6],
      [12, 2],
    ];
    expect(volume(meshOf(building([RECTANGLE, yard], 10, {})))).toBeCloseTo((128 - 32) * 10, 2);
    for (const ring of [yard, [...yard].reverse()])
      expect(sidewaysVolume(meshOf(building([RECTANGLE, ring], 10, {})))).toBeCloseTo((128 - 32) * 10, 2);
    const l: XY[] = [
      [0, 0],
      [20, 0],
      [20, 5],
      [5, 5],
      [5, 15],
      [0, 15],
    ];
    expect(volume(meshOf(building([l], 3, {})))).toBeCloseTo(150 * 3, 2);
  });

  test("a part that begins in the air has an underside", () => {
    expect(volume(meshOf(building([RECTANGLE], 10, {}, 6)))).toBeCloseTo(128 * 4, 2);
  });

  test("walls look outwards", () => {
    const { vertices, faces } = meshOf(building([RECTANGLE], 10, {}));
    for (let f = 0; f < 8; f++) {
      const p = [0, 1, 2].map((k) => [0, 1, 2].map((d) => vertices[3 * faces[3 * f + k]! + d]!));
      const [u, v] = [p[1]!.map((x, d) => x - p[0]![d]!), p[2]!.map((x, d) => x - p[0]![d]!)];
      const normal = [u[1]! * v[2]! - u[2]! * v[1]!, u[2]! * v[0]! - u[0]! * v[2]!];
      expect(normal[0]! * (p[0]![0]! - 8) + normal[1]! * (p[0]![1]! - 4)).toBeGreaterThan(0);
    }
  });
});

describe("heights", () => {
  const ground = { n: 10, cell_m: 10, half_m: 50, z: new Float32Array(121).fill(3) };
  const rules = readLandCover();
  const resolve = (tags: Record<string, string>, height_m?: number, rise?: number) =>
    resolveBuildings(
      [{ rings: [RECTANGLE], tags, key: 0, ...(height_m === undefined ? {} : { height_m }) }],
      ground,
      new Canvas(50, 1),
      rules,
      rise === undefined ? undefined : { ...ground, z: new Float32Array(121).fill(rise) },
    )[0]!;

  test("measured before tagged before levels before the surface before a guess", () => {
    expect(resolve({ building: "house", height: "9", "building:levels": "7" }, 12.5)).toMatchObject({ height_m: 12.5, source: "file", ground_m: 3 });
    expect(resolve({ building: "house", height: "9 m", "building:levels": "7" })).toMatchObject({ height_m: 9, source: "height" });
    expect(resolve({ building: "yes", "building:levels": "3" }, undefined, 20)).toMatchObject({ height_m: 3 * 3.1 + 1, source: "levels" });
    expect(resolve({ building: "yes" }, undefined, 8.25)).toMatchObject({ height_m: 8.25, source: "surface" });
    expect(resolve({ building: "church" }, undefined, 0.5)).toMatchObject({ height_m: 16, source: "default" });
    expect(resolve({ building: "storage_tank" }).landClass).toBe(11);
  });

  test("units in tags", () => {
    expect([metres("12"), metres("12,5 m"), metres("40 ft"), metres("40'"), metres("tall"), metres(undefined)]).toEqual([
      12,
      12.5,
      40 * 0.3048,
      40 * 0.3048,
      undefined,
      undefined,
    ]);
  });

  test("parts replace the outline that they stand in", () => {
    const list: PlanBuilding[] = [
      { rings: [RECTANGLE], tags: { building: "yes", height: "30" }, key: 0 },
      {
        rings: [
          [
            [0, 0],
            [8, 0],
            [8, 8],
            [0, 8],
          ] as XY[],
        ],
        tags: { "building:part": "yes", height: "20" },
        key: 1,
      },
      {
        rings: [
          [
            [8, 0],
            [16, 0],
            [16, 8],
            [8, 8],
          ] as XY[],
        ],
        tags: { "building:part": "yes", height: "30", min_height: "12" },
        key: 2,
      },
    ];
    const resolved = resolveBuildings(list, ground, new Canvas(50, 1), rules, undefined);
    expect(resolved.map((b) => [b.height_m, b.min_m])).toEqual([
      [20, 0],
      [30, 12],
    ]);
  });

  test("roofs: as tagged; else gables on small four-sided houses", () => {
    expect(chooseRoof(RECTANGLE, 0, 8, { building: "house" }).shape).toBe("gabled");
    expect(chooseRoof(RECTANGLE, 0, 8, { building: "house", "roof:shape": "flat" }).shape).toBe("flat");
    expect(chooseRoof(RECTANGLE, 0, 30, { building: "office" }).shape).toBe("flat");
    expect(chooseRoof([...RECTANGLE, [-1, 4]], 0, 8, { building: "house" }).shape).toBe("flat");
  });
});
