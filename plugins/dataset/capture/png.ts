/**
 * Palette PNG whose index is the class id. Written here because image libraries quantise and reorder a palette, and then the index says nothing.
 */
import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/**
 * @param indices [height, width], row 0 on top
 * @param palette flat RGB, 3 bytes an index
 */
export function palettePng(indices: Uint8Array, width: number, height: number, palette: Uint8Array): Uint8Array {
  if (indices.length !== width * height) throw new RangeError(`palettePng: ${indices.length} indices for ${width} × ${height} pixels`);
  if (palette.length % 3 !== 0 || palette.length > 768) throw new RangeError(`palettePng: a palette of ${palette.length} bytes`);
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8); // bits a pixel
  header.setUint8(9, 3); // colour type: palette
  const rows = new Uint8Array(height * (width + 1)); // one byte a row in front: filter "none"
  for (let r = 0; r < height; r++) rows.set(indices.subarray(r * width, (r + 1) * width), r * (width + 1) + 1);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("PLTE", palette),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array()),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}
