import { describe, expect, test } from "bun:test";
import { EnuFrame } from "../../earth/api";
import { ellipsoidalHeight, type Layer } from "../place/elevation";
import { heightAt, levelWater, sampleField, sampleGround } from "./ground";

const ORIGIN = { lat: 47.2, lon: 9.62, h: 450 };
/** A raster in degrees whose height is a slanted plane in degrees, with holes where `hole` says. */
const layer = (height: (lon: number, lat: number) => number, more: Partial<Layer> = {}, west = 9.6, north = 47.22, size = 400): Layer => {
  const step = 1e-4;
  const values = new Float32Array(size * size);
  for (let r = 0; r < size; r++) for (let c = 0; c < size; c++) values[r * size + c] = height(west + (c + 0.5) * step, north - (r + 0.5) * step);
  return {
    raster: { file: "plane", width: size, height: size, values, pixelOf: (lon, lat) => [(lon - west) / step, (north - lat) / step], pixel_m: 10 },
    vertical: "ellipsoid",
    unit_m: 1,
    ...more,
  };
};
const plane = (lon: number, lat: number) => 450 + 5000 * (lon - 9.62) - 3000 * (lat - 47.2);

describe("the ground", () => {
  test("every node has the height that its own latitude and longitude have in the raster", () => {
    const layers = [layer(plane)];
    const field = sampleField(layers, ORIGIN, 300, 150);
    const frame = new EnuFrame(ORIGIN);
    for (const [c, r] of [
      [0, 0],
      [150, 0],
      [7, 131],
      [75, 75],
      [149, 150],
    ] as const) {
      const z = field.z[r * 151 + c]!;
      const [x, y] = [c * 4 - 300, r * 4 - 300];
      const { lat, lon, h } = frame.toGeodetic([x, y, z]); // exactly: the point on the mesh must lie at the raster's height
      expect(Math.abs(h - ellipsoidalHeight(layers, lon, lat))).toBeLessThan(0.02);
    }
    expect(heightAt(field, 0, 0)).toBeCloseTo(0, 1);
  });

  test("units and datums: feet above EGM96 come out as metres above the ellipsoid", () => {
    const field = sampleField([layer(() => 1000, { vertical: "egm96", unit_m: 0.3048 })], ORIGIN, 300, 10);
    expect(field.z[60]!).toBeCloseTo(304.8 + 47.068 - 450, 0); // NGA: 47.068 m
  });

  test("a void in a plane is filled with the plane; what lies far from any height stays open", () => {
    const holed = (lon: number, lat: number) => (Math.hypot((lon - 9.6205) * 75_700, (lat - 47.2005) * 111_200) < 50 ? Number.NaN : plane(lon, lat));
    const [whole, filled] = [sampleGround([layer(plane)], ORIGIN, 300, 100), sampleGround([layer(holed)], ORIGIN, 300, 100)];
    expect(filled.filled.reduce((a, b) => a + b, 0)).toBeGreaterThan(150);
    expect(filled.absent.every((v) => v === 0)).toBe(true);
    for (let i = 0; i < whole.z.length; i++) expect(Math.abs(whole.z[i]! - filled.z[i]!)).toBeLessThan(0.6);
    const half = sampleGround([layer((lon, lat) => (lon > 9.62 ? Number.NaN : plane(lon, lat)))], ORIGIN, 300, 100);
    expect(half.absent[50 * 101 + 100]).toBe(1);
    expect(half.absent[50 * 101 + 55]).toBe(0);
    expect(() => sampleGround([layer(() => Number.NaN)], ORIGIN, 300, 20)).toThrow("no height");
  });

  test("the first layer lies on top, fades out at its rim, and gives its voids to the next", () => {
    const small = layer(() => 500, {}, 9.619, 47.201, 20); // 20 × 20 cells of some 10 m round the centre
    const field = sampleField([small, layer(() => 450)], ORIGIN, 300, 150);
    expect(heightAt(field, 0, 0)).toBeCloseTo(50, 1);
    expect(heightAt(field, 200, 0)).toBeCloseTo(0, 1);
    let steepest = 0;
    for (let c = 0; c < 150; c++) steepest = Math.max(steepest, Math.abs(field.z[75 * 151 + c + 1]! - field.z[75 * 151 + c]!));
    expect(steepest).toBeLessThan(15); // 50 m of difference spread over 40 m, in steps of 4 m
  });
});

describe("water", () => {
  const n = 40;
  const water = (inside: (x: number, y: number) => boolean) =>
    Uint8Array.from({ length: (n + 1) ** 2 }, (_, i) => (inside(i % (n + 1), Math.floor(i / (n + 1))) ? 1 : 0));
  test("a lake is level at the height of its rim", () => {
    const field = { n, cell_m: 2, half_m: 40, z: Float32Array.from({ length: (n + 1) ** 2 }, (_, i) => 10 + 0.05 * ((i * 7919) % 11)) };
    const mask = water((x, y) => Math.hypot(x - 20, y - 20) < 8);
    levelWater(field, mask);
    const levels = new Set([...field.z].filter((_, i) => mask[i]));
    expect(levels.size).toBe(1);
    expect([...levels][0]!).toBeCloseTo(10.25, 0);
  });

  test("the sea and a harbour joined to it lie at sea level, whatever a coarse elevation says; a pond beside them does not", () => {
    const field = { n, cell_m: 2, half_m: 40, z: Float32Array.from({ length: (n + 1) ** 2 }, (_, i) => Math.max(0, 30 - 2 * (i % (n + 1)))) };
    const mask = water((x, y) => x > 20 || (x > 8 && y > 30) || (x < 4 && y < 4));
    levelWater(field, mask, { nodes: water((x) => x > 20), level_m: -45.5 });
    const at = (x: number, y: number) => field.z[y * (n + 1) + x]!;
    expect([at(21, 5), at(40, 40), at(10, 35)]).toEqual([-45.5, -45.5, -45.5]);
    expect(at(15, 10)).toBe(0);
    expect(at(2, 2)).toBeGreaterThan(20);
  });

  test("a river keeps its fall and loses its ripples", () => {
    const slope = (i: number) => 0.2 * (i % (n + 1));
    const field = {
      n,
      cell_m: 2,
      half_m: 40,
      z: Float32Array.from({ length: (n + 1) ** 2 }, (_, i) => slope(i) + 0.3 * (((i * 7919) % 11) / 10 - 0.5)),
    };
    const mask = water((_, y) => Math.abs(y - 20) < 4);
    levelWater(field, mask);
    const at = (x: number) => field.z[20 * (n + 1) + x]!;
    expect(at(35) - at(5)).toBeCloseTo(6, 0);
    for (let x = 6; x < 35; x++) expect(Math.abs(at(x) - 0.2 * x)).toBeLessThan(0.15);
  });
});
