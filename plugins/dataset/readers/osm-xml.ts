/** Reads OpenStreetMap XML, `.osm` and `.osm.gz`: the subset of XML that OSM's tools write. Document types and entities of its own are refused. */
import { gunzipSync } from "node:zlib";
import { badInput } from "./bad-input";
import { emptyOsm, type OsmData } from "./osm-data";

const SIZE_CAP = 1 << 30;

export async function readOsmXml(file: string): Promise<OsmData> {
  const bytes = new Uint8Array(await Bun.file(file).arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return parseOsmXml(new TextDecoder().decode(bytes), file);
  let plain: Uint8Array;
  try {
    plain = gunzipSync(bytes, { maxOutputLength: SIZE_CAP });
  } catch (error) {
    throw badInput(file, `cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseOsmXml(new TextDecoder().decode(plain), file);
}

const ELEMENT = /<(\/?)([A-Za-z_?!][\w:-]*)((?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)\??>|<!--[\s\S]*?-->/g;
const ATTRIBUTE = /([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** @param file only for messages */
export function parseOsmXml(text: string, file: string): OsmData {
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw badInput(file, "OSM XML has no document type of its own");
  const osm = emptyOsm();
  let root = false;
  let open: { kind: string; id: number; tags: Record<string, string>; refs: number[]; members: OsmData["relations"][number]["members"] } | undefined;
  for (const [whole, end, name, attributes, selfClosed] of text.matchAll(ELEMENT)) {
    if (whole.startsWith("<!--") || name === undefined || name.startsWith("?")) continue;
    if (name === "osm") root = true;
    if (end === "/") {
      if (open?.kind === name) finish(osm, open);
      if (open?.kind === name) open = undefined;
      continue;
    }
    const a = attributesOf(attributes ?? "");
    if (name === "node" || name === "way" || name === "relation") {
      const id = Number(a.id);
      if (!Number.isSafeInteger(id)) throw badInput(file, `a ${name} has the id ${JSON.stringify(a.id)}`);
      if (name === "node" && a.action !== "delete") {
        const [lon, lat] = [Number(a.lon), Number(a.lat)];
        if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) throw badInput(file, `node ${id} lies at lat ${a.lat}, lon ${a.lon}`);
        osm.nodes.set(id, [lon, lat]);
      }
      open = { kind: name, id, tags: {}, refs: [], members: [] };
      if (selfClosed === "/") {
        finish(osm, open);
        open = undefined;
      }
    } else if (open !== undefined) {
      if (name === "tag" && a.k !== undefined) open.tags[a.k] = a.v ?? "";
      else if (name === "nd") open.refs.push(Number(a.ref));
      else if (name === "member" && (a.type === "node" || a.type === "way" || a.type === "relation"))
        open.members.push({ type: a.type, ref: Number(a.ref), role: a.role ?? "" });
    }
  }
  if (!root) throw badInput(file, "not OSM XML: it has no <osm> element");
  if (open !== undefined) throw badInput(file, `cut off inside ${open.kind} ${open.id}`);
  return osm;
}

function finish(
  osm: OsmData,
  {
    kind,
    id,
    tags,
    refs,
    members,
  }: { kind: string; id: number; tags: Record<string, string>; refs: number[]; members: OsmData["relations"][number]["members"] },
): void {
  if (kind === "way") osm.ways.set(id, { refs, tags });
  else if (kind === "relation") osm.relations.push({ id, members, tags });
  else if (Object.keys(tags).length > 0) osm.taggedNodes.push({ id, tags });
}

function attributesOf(text: string): Record<string, string | undefined> {
  const out: Record<string, string> = {};
  for (const [, key, a, b] of text.matchAll(ATTRIBUTE)) out[key!] = decode(a ?? b ?? "");
  return out;
}

function decode(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
