import { describe, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { peer, runPeer } from "../../../test/peers/python";
import { skipUnless } from "../../../test/skip";
import { fileBlob, type OsmElements, writeOsmPbf } from "../sample-place/pbf-writer";
import { isArea, joinRings, toFeatures } from "./osm-data";
import { parseOsmPbf, readOsmPbf } from "./osm-pbf";
import { parseOsmXml, readOsmXml } from "./osm-xml";

const data = process.env.EARTHCRAFT_DATA;

/** A lake with an island, whose outer ring is two ways of which one runs backwards. */
const LAKE: OsmElements = {
  nodes: [
    { id: 1, lat: 47, lon: 9 },
    { id: 2, lat: 47, lon: 9.01 },
    { id: 3, lat: 47.01, lon: 9.01 },
    { id: 4, lat: 47.01, lon: 9 },
    { id: 5, lat: 47.004, lon: 9.004 },
    { id: 6, lat: 47.004, lon: 9.006 },
    { id: 7, lat: 47.006, lon: 9.005, tags: { natural: "tree", name: "Öl & <b>" } },
    { id: 8_000_000_001, lat: -0.0000001, lon: -179.9999999 },
  ],
  ways: [
    { id: 10, refs: [1, 2, 3], tags: {} },
    { id: 11, refs: [1, 4, 3], tags: {} },
    { id: 12, refs: [5, 6, 7, 5], tags: { highway: "residential" } },
  ],
  relations: [
    {
      id: 20,
      members: [
        { type: "way", ref: 10, role: "outer" },
        { type: "way", ref: 11, role: "outer" },
        { type: "way", ref: 12, role: "inner" },
      ],
      tags: { type: "multipolygon", natural: "water" },
    },
  ],
};

describe("OSM PBF", () => {
  const bytes = writeOsmPbf(LAKE, "test");

  test("what was written is read: ids beyond 32 bits, tags in UTF-8, coordinates to 1e-7 degrees", () => {
    const osm = parseOsmPbf(bytes, "lake.pbf");
    expect(osm.nodes.size).toBe(8);
    expect(osm.nodes.get(8_000_000_001)![0]).toBeCloseTo(-179.9999999, 9);
    expect(osm.taggedNodes).toEqual([{ id: 7, tags: { natural: "tree", name: "Öl & <b>" } }]);
    expect(osm.ways.get(11)).toEqual({ refs: [1, 4, 3], tags: {} });
    expect(osm.relations[0]!.members[2]).toEqual({ type: "way", ref: 12, role: "inner" });
  });

  test("a multipolygon's ways join into rings, with the island as a hole", () => {
    const { areas, lines, broken } = toFeatures(parseOsmPbf(bytes, "lake.pbf"));
    expect(broken).toBe(0);
    expect(areas.length).toBe(1);
    expect(areas[0]!.tags).toEqual({ natural: "water" });
    expect(areas[0]!.outer.length).toBe(4);
    expect(areas[0]!.inner[0]!.length).toBe(3);
    expect(lines.length).toBe(1); // the closed street is no area
  });

  test("damage is named with file and byte, and claimed sizes are not believed", () => {
    expect(() => parseOsmPbf(bytes.slice(0, 100), "x.pbf")).toThrow(/x\.pbf: cut off/);
    expect(() => parseOsmPbf(new TextEncoder().encode("<osm></osm> not a pbf"), "x.pbf")).toThrow("not OSM PBF");
    expect(() => parseOsmPbf(new Uint8Array(0), "x.pbf")).toThrow("no header blob");
    const bomb = blob("OSMHeader", deflateSync(Buffer.alloc(1 << 20)), 100);
    expect(() => parseOsmPbf(bomb, "bomb.pbf")).toThrow(/bomb\.pbf: damaged/);
    const liar = blob("OSMHeader", deflateSync(Buffer.alloc(10)), 2 ** 31 - 1);
    expect(() => parseOsmPbf(liar, "liar.pbf")).toThrow("the format allows");
  });

  test("a byte turned anywhere is refused or read, never a crash of another kind", () => {
    for (let at = 0; at < bytes.length; at += 7) {
      const broken = bytes.slice();
      broken[at]! ^= 0x55;
      try {
        toFeatures(parseOsmPbf(broken, "fuzz.pbf"));
      } catch (error) {
        expect((error as Error).message).toStartWith("fuzz.pbf: ");
      }
    }
  });

  peer("osmium reads the same elements from our file", async () => {
    const file = join(tmpdir(), `earthcraft-lake-${process.pid}.osm.pbf`);
    await Bun.write(file, bytes);
    const seen = runPeer<{
      nodes: [number, number, number, Record<string, string>][];
      ways: [number, number[], Record<string, string>][];
      areas: [number, number][];
    }>("osm.py", [file]);
    expect(seen.nodes.find(([id]) => id === 8_000_000_001)).toEqual([8_000_000_001, -179.9999999, -0.0000001, {}]);
    expect(seen.nodes.find(([id]) => id === 7)![3]).toEqual({ natural: "tree", name: "Öl & <b>" });
    expect(seen.ways.find(([id]) => id === 11)).toEqual([11, [1, 4, 3], {}]);
    expect(seen.areas).toEqual([[1, 1]]); // one outer ring, one inner
  });

  for (const [name, file] of [
    ["Monaco", "scene-monaco/monaco.osm.pbf"],
    ["Helsinki", "osm-small/Helsinki.osm.pbf"],
  ] as const)
    skipUnless(data, "EARTHCRAFT_DATA is not set")(`${name}'s extract has the elements that its README counts`, async () => {
      const osm = await readOsmPbf(join(data!, file));
      const count = (...keys: string[]) => [...osm.ways.values()].filter((w) => keys.every((key) => w.tags[key] !== undefined)).length;
      if (name === "Monaco")
        expect([
          osm.nodes.size,
          osm.ways.size,
          osm.relations.length,
          count("highway"),
          count("building"),
          count("building", "building:levels"),
        ]).toEqual([30477, 4825, 285, 2832, 1256, 453]);
      else expect([osm.nodes.size, osm.ways.size, count("highway"), count("building")]).toEqual([24260, 5130, 2650, 433]);
    });
});

function blob(type: string, zlib: Uint8Array, rawSize: number): Uint8Array {
  return fileBlob(type, (body) => {
    body.writeVarintField(2, rawSize);
    body.writeBytesField(3, zlib);
  });
}

describe("OSM XML", () => {
  const XML = `<?xml version='1.0' encoding='UTF-8'?>
<osm version="0.6"><!-- <node id="99" lat="0" lon="0"/> -->
 <node id="1" lat="47.0" lon="9.0"/>
 <node id='2' lat='47.0' lon='9.01'><tag k="name" v="A &amp; B &#x2192; &quot;C&quot;"/></node>
 <node id="3" lat="47.01" lon="9.0"/>
 <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="landuse" v="farmland"/></way>
 <relation id="20"><member type="way" ref="10" role="outer"/><tag k="type" v="multipolygon"/></relation>
</osm>`;

  test("elements, entities, comments and both kinds of quotes", () => {
    const osm = parseOsmXml(XML, "a.osm");
    expect([...osm.nodes.keys()]).toEqual([1, 2, 3]);
    expect(osm.taggedNodes).toEqual([{ id: 2, tags: { name: 'A & B → "C"' } }]);
    expect(toFeatures(osm).areas[0]).toEqual({
      outer: [
        [9, 47],
        [9.01, 47],
        [9, 47.01],
      ],
      inner: [],
      tags: { landuse: "farmland" },
    });
  });

  test("gzip is unpacked; other files, cut ones and document types are refused", async () => {
    const file = join(tmpdir(), `earthcraft-${process.pid}.osm.gz`);
    await Bun.write(file, gzipSync(XML));
    expect((await readOsmXml(file)).ways.size).toBe(1);
    expect(() => parseOsmXml("<gpx></gpx>", "b.osm")).toThrow("no <osm> element");
    expect(() => parseOsmXml(XML.slice(0, XML.indexOf("</way>")), "b.osm")).toThrow("cut off inside way 10");
    expect(() => parseOsmXml('<!DOCTYPE x [<!ENTITY a "aaaa">]><osm/>', "b.osm")).toThrow("document type");
  });
});

test("rings join in any order and direction; open ones are counted", () => {
  expect(
    joinRings([
      [1, 2],
      [4, 3],
      [2, 3],
      [4, 1],
    ]).rings.map((r) => [...r].sort()),
  ).toEqual([[1, 2, 3, 4]]);
  expect(joinRings([[1, 2, 3]])).toEqual({ rings: [], open: 1 });
});

test("areas and lines by tags", () => {
  expect(isArea({ landuse: "forest" })).toBe(true);
  expect(isArea({ natural: "coastline" })).toBe(false);
  expect(isArea({ highway: "residential" })).toBe(false);
  expect(isArea({ highway: "pedestrian", area: "yes" })).toBe(true);
  expect(isArea({ barrier: "wall", landuse: "farmland" })).toBe(false);
});
