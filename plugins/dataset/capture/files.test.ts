import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { Tensor } from "../../../ffi";
import { peer, runPeer } from "../../../test/peers/python";
import { CLASSES, PALETTE } from "../../earth/api";
import { classColourSums } from "./class-colours";
import { addClassSums, meanColourPsnr } from "./mean-colour";
import { npyFloat32 } from "./npy";
import { sheetOf } from "./pictures";
import { palettePng } from "./png";

describe("palettePng", () => {
  const indices = Uint8Array.from({ length: 7 * 5 }, (_, i) => (i * 11) % 26);

  test("another decoder sees the classes' colours, row 0 on top", async () => {
    const { data, info } = await sharp(palettePng(indices, 7, 5, PALETTE))
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([7, 5, 3]);
    expect(Array.from(data)).toEqual(Array.from(indices).flatMap((i) => [...CLASSES[i]!.rgb]));
  });

  peer("the index itself is the id", () => {
    const dir = mkdtempSync(join(tmpdir(), "earthcraft-png-"));
    const file = join(dir, "classes.png");
    writeFileSync(file, palettePng(indices, 7, 5, PALETTE));
    expect(runPeer<number[][]>("raster_band.py", [file])).toEqual(
      Array.from({ length: 5 }, (_, r) => Array.from(indices.subarray(7 * r, 7 * r + 7))),
    );
    rmSync(dir, { recursive: true });
  });

  test("sizes that do not fit are refused", () => {
    expect(() => palettePng(indices, 7, 6, PALETTE)).toThrow("35 indices for 7 × 6");
  });
});

describe("npyFloat32", () => {
  peer("NumPy reads it", () => {
    const dir = mkdtempSync(join(tmpdir(), "earthcraft-npy-"));
    const file = join(dir, "depth.npy");
    const values = Float32Array.of(0, 1.5, -2.25, 1e6, 3, 4);
    writeFileSync(file, npyFloat32(values, [2, 3]));
    expect(runPeer<unknown>("npy.py", [file])).toEqual({
      dtype: "float32",
      values: [
        [0, 1.5, -2.25],
        [1e6, 3, 4],
      ],
    });
    rmSync(dir, { recursive: true });
  });
});

describe("meanColourPsnr", () => {
  /** Two "views" of 2 × 3 pixels; class 0 is sky in one pixel. */
  const rgb = (shift: number) => Uint8Array.from({ length: 18 }, (_, i) => (37 * i + shift) % 256);
  const classes = Uint8Array.of(3, 3, 4, 4, 3, 2);
  const depth = Float32Array.of(5, 5, 5, 0, 5, 5);
  const sums = (colours: Uint8Array, labels = classes) =>
    classColourSums(Tensor.from(colours, [1, 2, 3, 3]), Tensor.from(labels, [1, 2, 3]), Tensor.from(depth, [1, 2, 3]));

  test("equals drawing every pixel in its class's mean colour", () => {
    const [training, held] = [rgb(5), rgb(91)];
    const mean = (label: number) => {
      const own = [0, 1, 2, 4, 5].filter((p) => classes[p] === label);
      return [0, 1, 2].map((k) => own.reduce((sum, p) => sum + training[3 * p + k]! / 255, 0) / own.length);
    };
    let squared = 0;
    for (const p of [0, 1, 2, 4, 5]) for (let k = 0; k < 3; k++) squared += (held[3 * p + k]! / 255 - mean(classes[p]!)[k]!) ** 2;
    expect(meanColourPsnr(sums(training), sums(held))).toBeCloseTo(-10 * Math.log10(squared / 15), 9);
  });

  test("sums of sites add up; a class that training lacks takes the mean of all", () => {
    const both = addClassSums([sums(rgb(5)), sums(rgb(91))]);
    expect(both[3]![0]).toBe(6);
    const unknown = sums(rgb(91), Uint8Array.of(9, 9, 9, 9, 9, 9));
    expect(Number.isFinite(meanColourPsnr(sums(rgb(5)), unknown))).toBe(true);
  });
});

test("sheetOf lays tiles in rows and columns, enlarged, with a line after each", () => {
  const tile = (value: number) => Tensor.full([2, 3, 3], value, { dtype: "u8" });
  const { width, height, data } = sheetOf(
    [
      [tile(10), tile(20)],
      [tile(30), tile(40)],
    ],
    2,
  );
  expect([width, height]).toEqual([2 * (6 + 2), 2 * (4 + 2)]);
  const at = (x: number, y: number) => data[3 * (y * width + x)];
  expect([at(0, 0), at(8, 0), at(0, 6), at(13, 9), at(6, 0), at(0, 4)]).toEqual([10, 20, 30, 40, 0, 0]);
});
