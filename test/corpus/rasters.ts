/** GeoTIFFs that are cut, that turn in circles, or that claim to be larger than any memory. */
import { writeArrayBuffer } from "geotiff";
import { northUp, writeGeoTiff } from "../../plugins/earth/api";
import type { BadFile } from "./bad-file";

const SIZE = 120;

/** Heights about 47.2° N, 9.62° E: the whole file, as a place would have it. */
export function goodRaster(): Uint8Array {
  return writeGeoTiff({
    ...{ width: SIZE, height: SIZE, epsg: 32632, verticalEpsg: 5773, citation: "corpus" },
    values: Float32Array.from({ length: SIZE ** 2 }, (_, i) => 400 + Math.sin(i) * 20 + (i % SIZE)),
    pixelToModel: northUp(546_352, 5_228_600, 10),
  });
}

/** The same ground, its pixels not packed: of a file cut short all that is left is right. */
function plainRaster(): Uint8Array {
  const metadata = {
    ...{ width: SIZE, height: SIZE, ModelPixelScale: [10, 10, 0], ModelTiepoint: [0, 0, 0, 546_352, 5_228_600, 0] },
    ...{ GTModelTypeGeoKey: 1, GTRasterTypeGeoKey: 1, ProjectedCSTypeGeoKey: 32632 },
  };
  return new Uint8Array(
    writeArrayBuffer(
      Float32Array.from({ length: SIZE ** 2 }, (_, i) => 400 + (i % SIZE)),
      metadata,
    ),
  );
}

/** Where the directory's entries begin, how many there are, and where one of a tag is. */
function entryAt(bytes: Uint8Array, tag: number): number {
  const view = new DataView(bytes.buffer);
  const count = view.getUint16(8, true);
  for (let i = 0; i < count; i++) if (view.getUint16(10 + 12 * i, true) === tag) return 10 + 12 * i;
  throw new Error(`no tag ${tag}`);
}

function changed(change: (view: DataView, bytes: Uint8Array) => void): Uint8Array {
  const bytes = goodRaster();
  change(new DataView(bytes.buffer), bytes);
  return bytes;
}

const WIDTH = 256;
const STRIP_OFFSETS = 273;

export function badRasters(): BadFile[] {
  const whole = goodRaster();
  const directoryEnd = 10 + 12 * new DataView(whole.buffer).getUint16(8, true);
  return [
    { what: "empty", bytes: new Uint8Array(0), says: /not a readable TIFF/ },
    { what: "text", bytes: "<html>404 not found</html>", says: /not a readable TIFF/ },
    { what: "cut in its header", bytes: whole.slice(0, 6), says: /not a readable TIFF/ },
    { what: "cut in its directory", bytes: whole.slice(0, 60), says: /not a readable TIFF|cannot be read/ },
    { what: "cut in its pixels", bytes: whole.slice(0, Math.floor(0.6 * whole.length)), says: /cannot be read|cut/ },
    { what: "cut before its last byte", bytes: whole.slice(0, -1), says: /cannot be read|cut/ },
    { what: "cut in its pixels, which are not packed", bytes: plainRaster().slice(0, -SIZE * SIZE * 2), says: /cannot be read/ },
    {
      what: "a directory that is followed by itself",
      bytes: changed((view) => view.setUint32(directoryEnd, 8, true)),
      says: /directories/,
    },
    {
      what: "60,000 pixels wide by its word",
      bytes: changed((view, bytes) => {
        view.setUint32(entryAt(bytes, WIDTH) + 8, 60_000, true);
        view.setUint32(entryAt(bytes, WIDTH + 1) + 8, 60_000, true);
      }),
      says: /cannot be read|more than/,
    },
    {
      what: "strips that lie beyond its end",
      bytes: changed((view, bytes) => {
        const offsets = view.getUint32(entryAt(bytes, STRIP_OFFSETS) + 8, true);
        view.setUint32(offsets, 4_000_000_000, true);
      }),
      says: /cannot be read/,
    },
    {
      what: "pixels that are no deflate stream",
      bytes: changed((view, bytes) => bytes.fill(0x55, view.getUint32(view.getUint32(entryAt(bytes, STRIP_OFFSETS) + 8, true), true))),
      says: /cannot be read/,
    },
    { what: "no position", bytes: changed((view, bytes) => view.setUint16(entryAt(bytes, 34_735), 65_000, true)), says: /no GeoKeys/ },
  ];
}
