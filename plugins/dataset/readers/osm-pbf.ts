/**
 * Reads .osm.pbf by OSM's published schema (fileformat.proto, osmformat.proto): plain and dense nodes, ways, relations; raw and zlib blobs. Sizes are checked against the format's own limits before memory is taken.
 */
import { inflateSync } from "node:zlib";
import { PbfReader } from "pbf";
import { badInput } from "./bad-input";
import { emptyOsm, type OsmData, type Tags } from "./osm-data";

const HEADER_CAP = 64 * 1024;
const BLOB_CAP = 32 * 1024 * 1024;
const NODE_CAP = 30_000_000;
const FEATURES = new Set(["OsmSchema-V0.6", "DenseNodes", "HistoricalInformation"]);
const MEMBER_TYPES = ["node", "way", "relation"] as const;

export async function readOsmPbf(file: string): Promise<OsmData> {
  return parseOsmPbf(new Uint8Array(await Bun.file(file).arrayBuffer()), file);
}

/** @param file only for messages */
export function parseOsmPbf(bytes: Uint8Array, file: string): OsmData {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const osm = emptyOsm();
  let seenHeader = false;
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw badInput(file, `cut off inside a blob header at byte ${at}`);
    const headerSize = view.getUint32(at);
    if (headerSize > HEADER_CAP)
      throw badInput(file, `not OSM PBF: the blob header at byte ${at} says it has ${headerSize} bytes, the format allows ${HEADER_CAP}`);
    if (at + 4 + headerSize > bytes.length) throw badInput(file, `cut off inside a blob header at byte ${at}`);
    const header = guard(file, at, () => readBlobHeader(bytes.subarray(at + 4, at + 4 + headerSize)));
    at += 4 + headerSize;
    if (header.datasize > BLOB_CAP || header.datasize < 0)
      throw badInput(file, `the blob at byte ${at} says it has ${header.datasize} bytes, the format allows ${BLOB_CAP}`);
    if (at + header.datasize > bytes.length)
      throw badInput(file, `cut off: the blob at byte ${at} has ${bytes.length - at} of ${header.datasize} bytes`);
    const start = at;
    const content = guard(file, start, () => inflateBlob(bytes.subarray(start, start + header.datasize)));
    at += header.datasize;
    if (header.type === "OSMHeader") {
      seenHeader = true;
      for (const feature of guard(file, start, () => requiredFeatures(content)))
        if (!FEATURES.has(feature)) throw badInput(file, `needs the OSM feature "${feature}", which is not supported`);
    } else if (header.type === "OSMData") {
      if (!seenHeader) throw badInput(file, "not OSM PBF: data come before a header");
      guard(file, start, () => readBlock(content, osm));
      if (osm.nodes.size > NODE_CAP)
        throw badInput(file, `more than ${NODE_CAP / 1e6} million nodes`, "cut the place out first: osmium extract -b west,south,east,north");
    } // other blob types may be skipped, says the schema
  }
  if (!seenHeader) throw badInput(file, "not OSM PBF: it holds no header blob");
  return osm;
}

function guard<T>(file: string, at: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw badInput(file, `damaged at byte ${at}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readBlobHeader(bytes: Uint8Array): { type: string; datasize: number } {
  return new PbfReader(bytes).readFields(
    (tag, out, pbf) => {
      if (tag === 1) out.type = pbf.readString();
      else if (tag === 3) out.datasize = pbf.readVarint(true);
    },
    { type: "", datasize: -1 },
  );
}

function inflateBlob(bytes: Uint8Array): Uint8Array {
  const blob = new PbfReader(bytes).readFields(
    (tag, out, pbf) => {
      if (tag === 1) out.raw = pbf.readBytes();
      else if (tag === 2) out.rawSize = pbf.readVarint(true);
      else if (tag === 3) out.zlib = pbf.readBytes();
      else if (tag >= 4 && tag <= 7) out.other = ["lzma", "bzip2", "lz4", "zstd"][tag - 4];
    },
    { rawSize: 0 } as { raw?: Uint8Array; rawSize: number; zlib?: Uint8Array; other?: string },
  );
  if (blob.raw) return blob.raw;
  if (!blob.zlib)
    throw new Error(
      blob.other ? `blobs packed with ${blob.other} are not supported (rewrite with osmium cat -f pbf,pbf_compression=zlib)` : "an empty blob",
    );
  if (blob.rawSize > BLOB_CAP || blob.rawSize < 0) throw new Error(`a blob says it inflates to ${blob.rawSize} bytes, the format allows ${BLOB_CAP}`);
  const content = inflateSync(blob.zlib, { maxOutputLength: Math.max(1, blob.rawSize) });
  if (content.length !== blob.rawSize) throw new Error(`a blob inflates to ${content.length} bytes instead of ${blob.rawSize}`);
  return content;
}

function requiredFeatures(bytes: Uint8Array): string[] {
  return new PbfReader(bytes).readFields((tag, out, pbf) => {
    if (tag === 4) out.push(pbf.readString());
  }, [] as string[]);
}

interface Block {
  strings: string[];
  groups: { from: number; to: number }[];
  granularity: number;
  latOffset: number;
  lonOffset: number;
}

function readBlock(bytes: Uint8Array, osm: OsmData): void {
  const block = new PbfReader(bytes).readFields<Block>(
    (tag, out, pbf) => {
      if (tag === 1) out.strings = readStrings(pbf);
      else if (tag === 2) {
        const to = pbf.readVarint() + pbf.pos;
        out.groups.push({ from: pbf.pos, to });
        pbf.pos = to;
      } else if (tag === 17) out.granularity = pbf.readVarint();
      else if (tag === 19) out.latOffset = pbf.readVarint(true);
      else if (tag === 20) out.lonOffset = pbf.readVarint(true);
    },
    { strings: [], groups: [], granularity: 100, latOffset: 0, lonOffset: 0 },
  );
  for (const { from, to } of block.groups) {
    const pbf = new PbfReader(bytes);
    pbf.pos = from;
    pbf.readFields(
      (tag, _, p) => {
        if (tag === 1) readNode(p, block, osm);
        else if (tag === 2) readDense(p, block, osm);
        else if (tag === 3) readWay(p, block, osm);
        else if (tag === 4) readRelation(p, block, osm);
      },
      null,
      to,
    );
  }
}

function readStrings(pbf: PbfReader): string[] {
  const decoder = new TextDecoder();
  return pbf.readMessage((tag, out: string[], p) => {
    if (tag === 1) out.push(decoder.decode(p.readBytes()));
  }, []);
}

function tagsOf(keys: readonly number[], values: readonly number[], strings: readonly string[]): Tags {
  const tags: Record<string, string> = {};
  for (let i = 0; i < keys.length; i++) tags[text(strings, keys[i]!)] = text(strings, values[i]!);
  return tags;
}

function text(strings: readonly string[], index: number): string {
  const value = strings[index];
  if (value === undefined) throw new Error(`string ${index} of a table of ${strings.length}`);
  return value;
}

function place(osm: OsmData, id: number, lat: number, lon: number, block: Block): void {
  osm.nodes.set(id, [1e-9 * (block.lonOffset + block.granularity * lon), 1e-9 * (block.latOffset + block.granularity * lat)]);
}

function readNode(pbf: PbfReader, block: Block, osm: OsmData): void {
  const node = pbf.readMessage(
    (tag, out, p) => {
      if (tag === 1) out.id = p.readSVarint();
      else if (tag === 2) p.readPackedVarint(out.keys);
      else if (tag === 3) p.readPackedVarint(out.values);
      else if (tag === 8) out.lat = p.readSVarint();
      else if (tag === 9) out.lon = p.readSVarint();
    },
    { id: 0, keys: [] as number[], values: [] as number[], lat: 0, lon: 0 },
  );
  place(osm, node.id, node.lat, node.lon, block);
  if (node.keys.length > 0) osm.taggedNodes.push({ id: node.id, tags: tagsOf(node.keys, node.values, block.strings) });
}

function readDense(pbf: PbfReader, block: Block, osm: OsmData): void {
  const dense = pbf.readMessage(
    (tag, out, p) => {
      if (tag === 1) p.readPackedSVarint(out.ids);
      else if (tag === 8) p.readPackedSVarint(out.lats);
      else if (tag === 9) p.readPackedSVarint(out.lons);
      else if (tag === 10) p.readPackedVarint(out.keysValues);
    },
    { ids: [] as number[], lats: [] as number[], lons: [] as number[], keysValues: [] as number[] },
  );
  if (dense.lats.length !== dense.ids.length || dense.lons.length !== dense.ids.length)
    throw new Error(`${dense.ids.length} nodes with ${dense.lats.length} latitudes`);
  let [id, lat, lon, at] = [0, 0, 0, 0];
  for (let i = 0; i < dense.ids.length; i++) {
    id += dense.ids[i]!;
    lat += dense.lats[i]!;
    lon += dense.lons[i]!;
    place(osm, id, lat, lon, block);
    if (dense.keysValues.length === 0) continue;
    let tags: Record<string, string> | undefined;
    for (; at < dense.keysValues.length && dense.keysValues[at] !== 0; at += 2) {
      tags ??= {};
      tags[text(block.strings, dense.keysValues[at]!)] = text(block.strings, dense.keysValues[at + 1] ?? -1);
    }
    at++;
    if (tags) osm.taggedNodes.push({ id, tags });
  }
}

function readWay(pbf: PbfReader, block: Block, osm: OsmData): void {
  const way = pbf.readMessage(
    (tag, out, p) => {
      if (tag === 1) out.id = p.readVarint(true);
      else if (tag === 2) p.readPackedVarint(out.keys);
      else if (tag === 3) p.readPackedVarint(out.values);
      else if (tag === 8) p.readPackedSVarint(out.refs);
    },
    { id: 0, keys: [] as number[], values: [] as number[], refs: [] as number[] },
  );
  for (let i = 1; i < way.refs.length; i++) way.refs[i]! += way.refs[i - 1]!;
  osm.ways.set(way.id, { refs: way.refs, tags: tagsOf(way.keys, way.values, block.strings) });
}

function readRelation(pbf: PbfReader, block: Block, osm: OsmData): void {
  const r = pbf.readMessage(
    (tag, out, p) => {
      if (tag === 1) out.id = p.readVarint(true);
      else if (tag === 2) p.readPackedVarint(out.keys);
      else if (tag === 3) p.readPackedVarint(out.values);
      else if (tag === 8) p.readPackedVarint(out.roles);
      else if (tag === 9) p.readPackedSVarint(out.refs);
      else if (tag === 10) p.readPackedVarint(out.types);
    },
    { id: 0, keys: [] as number[], values: [] as number[], roles: [] as number[], refs: [] as number[], types: [] as number[] },
  );
  let ref = 0;
  const members = r.refs.map((delta, i) => {
    ref += delta;
    const type = MEMBER_TYPES[r.types[i] ?? -1];
    if (type === undefined) throw new Error(`relation ${r.id} has a member of type ${r.types[i]}`);
    return { type, ref, role: text(block.strings, r.roles[i] ?? -1) };
  });
  osm.relations.push({ id: r.id, members, tags: tagsOf(r.keys, r.values, block.strings) });
}
