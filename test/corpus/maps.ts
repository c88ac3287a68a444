/** OpenStreetMap extracts that are cut, that lie about their sizes, or that would fill the memory. */
import { deflateSync, gzipSync } from "node:zlib";
import { fileBlob, writeOsmPbf } from "../../plugins/dataset/sample-place/pbf-writer";
import type { BadFile } from "./bad-file";

export function goodMap(): Uint8Array {
  const nodes = Array.from({ length: 400 }, (_, i) => ({ id: i + 1, lat: 47.2 + (i % 20) * 1e-4, lon: 9.62 + Math.floor(i / 20) * 1e-4 }));
  const ways = Array.from({ length: 20 }, (_, i) => ({
    id: i + 1,
    refs: nodes.slice(20 * i, 20 * i + 20).map(({ id }) => id),
    tags: { highway: "residential" },
  }));
  return writeOsmPbf({ nodes, ways, relations: [] }, "corpus");
}

const zlibBlob = (type: string, content: Uint8Array, rawSize: number) =>
  fileBlob(type, (body) => {
    body.writeVarintField(2, rawSize);
    body.writeBytesField(3, deflateSync(content));
  });

const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** The header blob of a good file. */
function headerOf(whole: Uint8Array): Uint8Array {
  const view = new DataView(whole.buffer, whole.byteOffset);
  for (let end = 8; end < whole.length; end++) {
    const text = new TextDecoder("latin1").decode(whole.subarray(end, end + 7));
    if (text === "OSMData") {
      // Before the type's name stand its tag, its length and the four bytes of the header's size.
      return whole.slice(0, end - 6);
    }
  }
  throw new Error(`no data after the header of ${view.byteLength} bytes`);
}

const CLAIM = 32 * 1024 * 1024;

export function badPbfs(): BadFile[] {
  const whole = goodMap();
  const header = headerOf(whole);
  const huge = new Uint8Array(4);
  new DataView(huge.buffer).setUint32(0, 0x7fffffff);
  return [
    { what: "empty", bytes: new Uint8Array(0), says: /no header blob/ },
    { what: "text", bytes: "<osm></osm>, not a PBF", says: /not OSM PBF/ },
    { what: "cut in a blob", bytes: whole.slice(0, whole.length - 40), says: /cut off/ },
    { what: "cut in a blob's header", bytes: whole.slice(0, header.length + 7), says: /cut off/ },
    { what: "a blob header of two gigabytes by its word", bytes: join(header, huge), says: /the format allows/ },
    {
      what: "a zlib bomb: a thousand times what it says",
      bytes: join(header, zlibBlob("OSMData", new Uint8Array(64 << 20), 1 << 16)),
      says: /damaged at byte/,
    },
    {
      what: "a zlib bomb: 64 MiB, and it says so",
      bytes: join(header, zlibBlob("OSMData", new Uint8Array(64 << 20), 64 << 20)),
      says: /the format allows/,
    },
    { what: "less than it says", bytes: join(header, zlibBlob("OSMData", new Uint8Array(10), CLAIM)), says: /inflates to 10 bytes instead of/ },
    {
      what: "no zlib stream",
      bytes: join(
        header,
        fileBlob("OSMData", (body) => {
          body.writeVarintField(2, 10);
          body.writeBytesField(3, new Uint8Array(8).fill(7));
        }),
      ),
      says: /damaged at byte/,
    },
    {
      what: "packed with zstd",
      bytes: join(
        header,
        fileBlob("OSMData", (body) => body.writeBytesField(7, new Uint8Array(8))),
      ),
      says: /zstd are not supported/,
    },
    { what: "data before a header", bytes: whole.slice(header.length), says: /data come before a header/ },
  ];
}

/** One residential road. */
export const goodXml = `<osm version="0.6"><node id="1" lat="47.2" lon="9.62"/><way id="10"><nd ref="1"/><tag k="highway" v="residential"/></way></osm>`;

export function badXmls(): BadFile[] {
  const packed = new Uint8Array(gzipSync(goodXml));
  return [
    { what: "XML cut inside an element", bytes: goodXml.slice(0, goodXml.indexOf("</way>")), says: /cut off inside way 10/ },
    { what: "gzip cut short", bytes: packed.slice(0, -12), says: /cannot be unpacked/ },
    { what: "another format", bytes: "<gpx></gpx>", says: /no <osm> element/ },
    {
      what: "latitude and longitude swapped",
      bytes: goodXml.replace('lat="47.2" lon="9.62"', 'lat="122.7" lon="45.5"'),
      says: /node 1 lies at lat 122\.7/,
    },
    { what: "entities that double and double", bytes: `<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><osm>&b;</osm>`, says: /document type/ },
  ];
}
