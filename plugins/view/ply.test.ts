import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peer, runPeer } from "../../test/peers/python";
import { skipUnless } from "../../test/skip";
import { decodePly, encodePly } from "./ply";
import type { Splats } from "./splats";

/** Three splats with no two equal numbers. */
function sample(): Splats {
  const ramp = (length: number, from: number, step: number) => Float32Array.from({ length }, (_, i) => from + step * i);
  const quats = Float32Array.of(1, 0, 0, 0, 0.5, 0.5, -0.5, 0.5, 0.6, 0, 0.8, 0);
  return {
    count: 3,
    means: ramp(9, -4, 1.25),
    quats,
    scales: ramp(9, 0.1, 0.07),
    opacities: Float32Array.of(0.02, 0.5, 0.93),
    sh: ramp(36, -1.1, 0.0625),
  };
}

const data = process.env.EARTHCRAFT_DATA;

describe("PLY", () => {
  test("what is written is read back", () => {
    const splats = sample();
    const back = decodePly(encodePly(splats, { thirdScale: "keep" }));
    for (const name of ["means", "quats", "scales", "opacities", "sh"] as const)
      expect(Math.max(...back[name].map((value, i) => Math.abs(value - splats[name][i]!)))).toBeLessThan(1e-6);
  });

  test("the file holds logarithms, logits and channel-major harmonics, by hand from its bytes", () => {
    const bytes = encodePly(sample(), { comments: ["© somebody"] });
    const text = new TextDecoder("latin1").decode(bytes);
    const names = [...text.matchAll(/^property float (\S+)$/gm)].map((match) => match[1]!);
    const view = new DataView(bytes.buffer, text.indexOf("end_header\n") + 11);
    const value = (splat: number, name: string) => view.getFloat32(4 * (names.length * splat + names.indexOf(name)), true);
    const splats = sample();
    expect(value(1, "y")).toBe(splats.means[4]!);
    expect(value(2, "scale_1")).toBeCloseTo(Math.log(splats.scales[7]!), 6);
    expect(value(2, "opacity")).toBeCloseTo(Math.log(0.93 / 0.07), 5);
    expect(value(1, "rot_2")).toBe(-0.5);
    // coefficient 2 of green of splat 1: [splat, coefficient, channel] = (1·4 + 2)·3 + 1; in the file: green's second of f_rest, 1·3 + 1
    expect(value(1, "f_rest_4")).toBe(splats.sh[(1 * 4 + 2) * 3 + 1]!);
    // the third scale is thin
    expect(value(0, "scale_2")).toBeCloseTo(Math.log(0.01 * splats.scales[0]!), 5);
  });

  skipUnless(data, "EARTHCRAFT_DATA is not set")("a file of the original code is read, and written again with the same numbers", () => {
    const bytes = new Uint8Array(readFileSync(join(data!, "gaussian-ply-train1000", "train-1000.ply")));
    const splats = decodePly(bytes);
    expect(splats.count).toBe(1000);
    expect(splats.sh.length).toBe(48_000);
    const norms = Array.from({ length: 1000 }, (_, i) => Math.hypot(...splats.quats.subarray(4 * i, 4 * i + 4)));
    expect(Math.min(...norms)).toBeGreaterThan(0.1);
    const again = encodePly(splats, { thirdScale: "keep" });
    const floats = (ply: Uint8Array) => new Float32Array(ply.slice(Buffer.from(ply).indexOf("end_header\n") + 11).buffer);
    const [before, after] = [floats(bytes), floats(again)];
    expect(after.length).toBe(before.length);
    // Logarithm of exponential in float32 loses the last bits only; normals, which are no use to a splat, are written as zeros.
    expect(
      Math.max(...after.map((value, i) => ([3, 4, 5].includes(i % 62) ? 0 : Math.abs(value - before[i]!) / (1 + Math.abs(before[i]!))))),
    ).toBeLessThan(1e-5);
  });

  peer("numpy reads the columns by name", () => {
    const dir = mkdtempSync(join(tmpdir(), "earthcraft-ply-"));
    writeFileSync(join(dir, "a.ply"), encodePly(sample(), { thirdScale: "keep" }));
    const splats = sample();
    const read = runPeer("ply_columns.py", [join(dir, "a.ply")]);
    rmSync(dir, { recursive: true });
    expect(read).toEqual({
      count: 3,
      x: [0, 3, 6].map((i) => splats.means[i]!),
      f_dc_2: [0, 1, 2].map((i) => splats.sh[12 * i + 2]!),
      f_rest_8: [0, 1, 2].map((i) => splats.sh[12 * i + 11]!),
    });
  });

  test("a header that lies is refused before anything is allocated", () => {
    const good = encodePly(sample());
    const edit = (from: string, to: string) => Buffer.from(Buffer.from(good).toString("latin1").replace(from, to), "latin1");
    expect(() => decodePly(edit("vertex 3", "vertex 4000000000"))).toThrow("4000000000 splats of 26 floats");
    expect(() => decodePly(edit("binary_little_endian", "ascii"))).toThrow("format ascii");
    expect(() => decodePly(edit("property float opacity", "property list uchar int opacity"))).toThrow("only float properties");
    expect(() => decodePly(edit("property float rot_3", "property float rat_3"))).toThrow("no column rot_3");
    expect(() => decodePly(good.subarray(0, good.length - 1))).toThrow("after its header");
    expect(() => decodePly(new Uint8Array(10))).toThrow("no header");
  });

  test("a value that is not finite is refused with its splat", () => {
    const splats = sample();
    splats.scales[5] = Number.NaN;
    expect(() => encodePly(splats)).toThrow("scales of splat 1 is NaN");
  });
});
