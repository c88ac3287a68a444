/**
 * Writes OpenStreetMap data as .osm.pbf by OSM's published schema (fileformat.proto, osmformat.proto): one header blob, then blobs of at most 8,000 elements: dense nodes, ways, relations, sorted by type and id.
 */
import { zlibSync } from "fflate";
import { PbfWriter } from "pbf";

export interface OsmElements {
  /** Degrees. Ids ascend. */
  nodes: { id: number; lat: number; lon: number; tags?: Record<string, string> }[];
  ways: { id: number; refs: number[]; tags: Record<string, string> }[];
  relations: { id: number; members: { type: "node" | "way" | "relation"; ref: number; role: string }[]; tags: Record<string, string> }[];
}

const PER_BLOB = 8000;
const GRANULARITY = 100; // nanodegrees
const MEMBER_TYPE = { node: 0, way: 1, relation: 2 } as const;

export function writeOsmPbf(data: OsmElements, program: string): Uint8Array {
  const blobs = [blob("OSMHeader", header(data, program))];
  for (const nodes of chunks(data.nodes))
    blobs.push(
      blob(
        "OSMData",
        block((strings, group) => group.writeMessage(2, writeDense, { nodes, strings })),
      ),
    );
  for (const ways of chunks(data.ways))
    blobs.push(
      blob(
        "OSMData",
        block((strings, group) => {
          for (const way of ways) group.writeMessage(3, writeWay, { way, strings });
        }),
      ),
    );
  for (const relations of chunks(data.relations))
    blobs.push(
      blob(
        "OSMData",
        block((strings, group) => {
          for (const relation of relations) group.writeMessage(4, writeRelation, { relation, strings });
        }),
      ),
    );
  const out = new Uint8Array(blobs.reduce((sum, b) => sum + b.length, 0));
  let at = 0;
  for (const b of blobs) {
    out.set(b, at);
    at += b.length;
  }
  return out;
}

function* chunks<T>(list: readonly T[]): Generator<T[]> {
  for (let i = 0; i < list.length; i += PER_BLOB) yield list.slice(i, i + PER_BLOB);
}

/** String 0 is the delimiter of dense nodes' tags and never used. */
class Strings {
  readonly list = [""];
  private readonly index = new Map<string, number>();
  id(text: string): number {
    let id = this.index.get(text);
    if (id === undefined) {
      id = this.list.push(text) - 1;
      this.index.set(text, id);
    }
    return id;
  }
}

const nano = (degrees: number) => Math.round(degrees * 1e9);

function header(data: OsmElements, program: string): Uint8Array {
  const lats = data.nodes.map((n) => n.lat);
  const lons = data.nodes.map((n) => n.lon);
  const least = (list: number[]) => list.reduce((a, b) => Math.min(a, b), list[0] ?? 0);
  const most = (list: number[]) => list.reduce((a, b) => Math.max(a, b), list[0] ?? 0);
  const pbf = new PbfWriter();
  pbf.writeMessage(
    1,
    (_: null, box: PbfWriter) => {
      box.writeSVarintField(1, nano(least(lons)));
      box.writeSVarintField(2, nano(most(lons)));
      box.writeSVarintField(3, nano(most(lats)));
      box.writeSVarintField(4, nano(least(lats)));
    },
    null,
  );
  pbf.writeStringField(4, "OsmSchema-V0.6");
  pbf.writeStringField(4, "DenseNodes");
  pbf.writeStringField(5, "Sort.Type_then_ID");
  pbf.writeStringField(16, program);
  return pbf.finish();
}

function block(write: (strings: Strings, group: PbfWriter) => void): Uint8Array {
  const strings = new Strings();
  const group = new PbfWriter();
  write(strings, group);
  const pbf = new PbfWriter();
  pbf.writeMessage(
    1,
    (_: null, table: PbfWriter) => {
      for (const text of strings.list) table.writeBytesField(1, new TextEncoder().encode(text));
    },
    null,
  );
  pbf.writeBytesField(2, group.finish());
  pbf.writeVarintField(17, GRANULARITY);
  return pbf.finish();
}

function deltas(values: readonly number[]): number[] {
  return values.map((v, i) => v - (i > 0 ? values[i - 1]! : 0));
}

function writeDense({ nodes, strings }: { nodes: OsmElements["nodes"]; strings: Strings }, pbf: PbfWriter): void {
  const units = (degrees: number) => Math.round((degrees * 1e9) / GRANULARITY);
  pbf.writePackedSVarint(1, deltas(nodes.map((n) => n.id)));
  pbf.writePackedSVarint(8, deltas(nodes.map((n) => units(n.lat))));
  pbf.writePackedSVarint(9, deltas(nodes.map((n) => units(n.lon))));
  const keysValues: number[] = [];
  for (const node of nodes) {
    for (const [k, v] of Object.entries(node.tags ?? {})) keysValues.push(strings.id(k), strings.id(v));
    keysValues.push(0);
  }
  pbf.writePackedVarint(10, keysValues);
}

function writeTags(tags: Record<string, string>, strings: Strings, pbf: PbfWriter): void {
  pbf.writePackedVarint(
    2,
    Object.keys(tags).map((k) => strings.id(k)),
  );
  pbf.writePackedVarint(
    3,
    Object.values(tags).map((v) => strings.id(v)),
  );
}

function writeWay({ way, strings }: { way: OsmElements["ways"][number]; strings: Strings }, pbf: PbfWriter): void {
  pbf.writeVarintField(1, way.id);
  writeTags(way.tags, strings, pbf);
  pbf.writePackedSVarint(8, deltas(way.refs));
}

function writeRelation({ relation, strings }: { relation: OsmElements["relations"][number]; strings: Strings }, pbf: PbfWriter): void {
  pbf.writeVarintField(1, relation.id);
  writeTags(relation.tags, strings, pbf);
  pbf.writePackedVarint(
    8,
    relation.members.map((m) => strings.id(m.role)),
  );
  pbf.writePackedSVarint(9, deltas(relation.members.map((m) => m.ref)));
  pbf.writePackedVarint(
    10,
    relation.members.map((m) => MEMBER_TYPE[m.type]),
  );
}

function blob(type: string, content: Uint8Array): Uint8Array {
  return fileBlob(type, (body) => {
    body.writeVarintField(2, content.length);
    body.writeBytesField(3, zlibSync(content, { level: 6 }));
  });
}

/** A blob of the file format with its header: the length of the header, the header, then whatever `write` writes. */
export function fileBlob(type: string, write: (body: PbfWriter) => void): Uint8Array {
  const body = new PbfWriter();
  write(body);
  const data = body.finish();
  const head = new PbfWriter();
  head.writeStringField(1, type);
  head.writeVarintField(3, data.length);
  const headData = head.finish();
  const out = new Uint8Array(4 + headData.length + data.length);
  new DataView(out.buffer).setUint32(0, headData.length); // network byte order
  out.set(headData, 4);
  out.set(data, 4 + headData.length);
  return out;
}
