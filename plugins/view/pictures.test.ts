import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { CLASSES, classId } from "../earth/api";
import { beside, colourPicture, depthPicture, enlarge, heightPicture, normalPicture, semanticPicture, writePng } from "./pictures";

const pixel = (picture: { width: number; rgb: Uint8Array }, row: number, column: number) => [
  ...picture.rgb.subarray(3 * (row * picture.width + column), 3 * (row * picture.width + column) + 3),
];
const lightness = ([r, g, b]: number[]) => 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;

describe("pictures", () => {
  test("a PNG keeps every pixel where it was", async () => {
    const dir = mkdtempSync(join(tmpdir(), "earthcraft-picture-"));
    const rgb = Uint8Array.from({ length: 3 * 3 * 2 }, (_, i) => 13 * i);
    await writePng(join(dir, "a", "b.png"), colourPicture(rgb, 3, 2));
    const { data, info } = await sharp(join(dir, "a", "b.png"))
      .raw()
      .toBuffer({ resolveWithObject: true });
    rmSync(dir, { recursive: true });
    expect([info.width, info.height, info.channels]).toEqual([3, 2, 3]);
    expect([...data]).toEqual([...rgb]);
  });

  test("floats become bytes, clamped", () => {
    expect([...colourPicture(Float32Array.of(0, 0.5, 1.7, -1, 1, 0.2), 2, 1).rgb]).toEqual([0, 128, 255, 0, 255, 51]);
  });

  test("depth: near is brighter than far, nothing is set apart", () => {
    const picture = depthPicture(Float32Array.of(10, 50, 200, 0), 2, 2, [10, 200]);
    const [near, middle, far] = [pixel(picture, 0, 0), pixel(picture, 0, 1), pixel(picture, 1, 0)].map(lightness);
    expect(near! > middle! && middle! > far!).toBe(true);
    expect(pixel(picture, 1, 1)).toEqual([236, 236, 232]);
  });

  test("normals: up is blue, whether float or int8", () => {
    expect(pixel(normalPicture(Float32Array.of(0, 0, 1), 1, 1), 0, 0)).toEqual([128, 128, 255]);
    expect(pixel(normalPicture(Int8Array.of(0, -127, 0), 1, 1), 0, 0)).toEqual([128, 0, 128]);
  });

  test("land cover has Table 13's colours", () => {
    const water = classId("Water");
    expect(pixel(semanticPicture(Uint8Array.of(0, water), 2, 1), 0, 1)).toEqual([...CLASSES[water]!.rgb]);
  });

  test("a hill is lit in the north-west and dark in the south-east", () => {
    const size = 21;
    const hill = Float32Array.from({ length: size * size }, (_, i) => -Math.hypot(Math.floor(i / size) - 10, (i % size) - 10));
    const picture = heightPicture(hill, size, size, 1);
    expect(lightness(pixel(picture, 6, 6))).toBeGreaterThan(1.5 * lightness(pixel(picture, 14, 14)));
  });

  test("beside: the smaller one is enlarged by whole steps, in order", () => {
    const small = colourPicture(Uint8Array.of(1, 2, 3), 1, 1);
    const large = colourPicture(new Uint8Array(3 * 3 * 2).fill(9), 2, 3);
    const both = beside([small, large], 1);
    expect([both.width, both.height]).toEqual([3 + 1 + 2, 3]);
    expect(pixel(both, 2, 2)).toEqual([1, 2, 3]);
    expect(pixel(both, 1, 3)).toEqual([255, 255, 255]);
    expect(pixel(both, 2, 5)).toEqual([9, 9, 9]);
    expect(enlarge(small, 2).rgb.length).toBe(12);
  });

  test("sizes that do not fit are refused", () => {
    expect(() => semanticPicture(new Uint8Array(5), 2, 2)).toThrow("5 values for 2 × 2");
  });
});
