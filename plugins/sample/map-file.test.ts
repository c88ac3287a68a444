import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { palettePng } from "../dataset/capture/png";
import { PALETTE } from "../earth/api";
import { readMap } from "./map-file";

const dir = mkdtempSync(join(tmpdir(), "earthcraft-map-"));
afterAll(() => rmSync(dir, { recursive: true }));

/** All 25 classes once, and 0 instead of the last: no two rows or columns alike. */
const ids = Uint8Array.from({ length: 25 }, (_, i) => (i === 24 ? 0 : i + 1));
const put = (name: string, bytes: Uint8Array) => {
  writeFileSync(join(dir, name), bytes);
  return join(dir, name);
};
const raw = (values: Uint8Array, width: number, height: number, channels: 1 | 2 | 3 | 4) => sharp(values, { raw: { width, height, channels } }).png();

test("a palette PNG as we write it, one channel of ids, and plain colours are the same map", async () => {
  const colours = Uint8Array.from([...ids].flatMap((id) => [...PALETTE.subarray(3 * id, 3 * id + 3), 255]));
  for (const path of [
    put("palette.png", palettePng(ids, 5, 5, PALETTE)),
    put("ids.png", await raw(ids, 5, 5, 1).toColourspace("b-w").toBuffer()),
    put("colours.png", await raw(colours, 5, 5, 4).toBuffer()),
  ])
    expect([path, [...(await readMap(path, 5))]]).toEqual([path, [...ids]]);
});

test("another size, an id or a colour that is no class, and what is no picture are named", async () => {
  const wrong = ids.slice();
  wrong[7] = 26;
  const path = put("wrong.png", await raw(wrong, 5, 5, 1).toColourspace("b-w").toBuffer());
  await expect(readMap(path, 5)).rejects.toMatchObject({ what: "row 1, column 2: there is no class 26", where: path, exit: 65 });
  await expect(readMap(path, 6)).rejects.toMatchObject({ what: "the map is 5 × 5 pixels; 6 × 6, one a cell, are wanted", exit: 65 });
  const odd = put("odd.png", palettePng(Uint8Array.of(1, 0), 2, 1, Uint8Array.of(0, 0, 0, 9, 8, 7)));
  await expect(readMap(odd, 2)).rejects.toMatchObject({ exit: 65 });
  const odd2 = put("odd2.png", palettePng(Uint8Array.of(0, 0, 0, 1), 2, 2, Uint8Array.of(0, 0, 0, 9, 8, 7)));
  await expect(readMap(odd2, 2)).rejects.toMatchObject({ what: "row 1, column 1: no class has the colour 9, 8, 7" });
  await expect(readMap(put("text.png", Buffer.from("no picture")), 5)).rejects.toMatchObject({ exit: 65 });
});
