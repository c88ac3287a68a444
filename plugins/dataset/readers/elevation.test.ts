import { describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import sharp from "sharp";
import { peer, runPeer } from "../../../test/peers/python";
import { skipUnless } from "../../../test/skip";
import { northUp, writeGeoTiff } from "../../earth/api";
import { readGeoTiff } from "./geotiff";
import { type HeightRaster, sampleHeight } from "./height-raster";
import { readHgt } from "./hgt";
import { decodeTerrarium, readTerrarium } from "./terrarium";

const data = process.env.EARTHCRAFT_DATA;
const folder = mkdtempSync(join(tmpdir(), "earthcraft-rasters-"));
const world = { west: -180, east: 180, south: -89, north: 89 };
const at = (raster: HeightRaster, lon: number, lat: number) => sampleHeight(raster, ...raster.pixelOf(lon, lat));

describe("GeoTIFF", () => {
  peer(
    "reads what rasterio wrote, in eleven kinds: metres, feet and degrees, national datums, turned, PixelIsArea and PixelIsPoint, with nodata",
    async () => {
      for (const { file, points } of runPeer<{ file: string; points: [number, number, number | null][] }[]>("rasters.py", [folder])) {
        const lons = points.map((p) => p[0]);
        const lats = points.map((p) => p[1]);
        const bounds = { west: Math.min(...lons), east: Math.max(...lons), south: Math.min(...lats), north: Math.max(...lats) };
        const raster = (await readGeoTiff(file, bounds))!;
        for (const [lon, lat, height] of points) {
          const ours = at(raster, lon, lat);
          // 2 cm of height where the ground rises 0.3 m a metre: positions agree within some centimetres
          if (height === null) expect(ours).toBeNaN();
          else expect({ file, lon, lat, off: Math.abs(ours - height) < 0.02 }).toEqual({ file, lon, lat, off: true });
        }
      }
    },
  );

  peer("rasterio reads what we wrote: CRS, vertical datum, position, values and nodata", async () => {
    const values = Float32Array.from({ length: 70 * 100 }, (_, i) => (i === 205 ? Number.NaN : i / 8));
    const file = join(folder, "ours.tif");
    writeFileSync(
      file,
      writeGeoTiff({ width: 100, height: 70, values, pixelToModel: northUp(545000, 5227000, 4), epsg: 32632, verticalEpsg: 5773, citation: "test" }),
    );
    const seen = runPeer<{ epsg: number; vertical: string; bounds: number[]; nodata: number; values: number[]; area: string }>("raster.py", [file]);
    expect({ ...seen, values: undefined }).toEqual({
      epsg: 32632,
      vertical: "EGM96 height",
      bounds: [545000, 5226720, 545400, 5227000],
      nodata: -9999,
      area: "Area",
      values: undefined,
    });
    expect(seen.values.length).toBe(7000);
    expect(seen.values[205]).toBe(-9999);
    expect(seen.values.every((v, i) => i === 205 || v === i / 8)).toBe(true);
  });

  test("a window is cut out in place: heights do not depend on it", async () => {
    const values = Float32Array.from({ length: 300 * 300 }, (_, i) => 3 * (i % 300) + Math.floor(i / 300));
    const file = join(folder, "window.tif");
    writeFileSync(
      file,
      writeGeoTiff({
        width: 300,
        height: 300,
        values,
        pixelToModel: northUp(545000, 5227000, 10),
        epsg: 32632,
        verticalEpsg: 5773,
        citation: "test",
      }),
    );
    const whole = (await readGeoTiff(file, world))!;
    const part = (await readGeoTiff(file, { west: 9.61, east: 9.615, south: 47.18, north: 47.185 }))!;
    expect(part.width).toBeLessThan(80);
    expect(at(part, 9.612, 47.183)).toBeCloseTo(at(whole, 9.612, 47.183), 4);
    expect(whole.vertical).toBe("egm96");
    expect(await readGeoTiff(file, { west: 20, east: 20.1, south: 10, north: 10.1 })).toBeUndefined();
  });

  test("what is no TIFF, or has no position, is refused by name", async () => {
    const file = join(folder, "no.tif");
    writeFileSync(file, "not a tiff at all");
    expect(readGeoTiff(file, world)).rejects.toThrow(/no\.tif: not a readable TIFF/);
    const plain = join(folder, "plain.tif");
    await sharp({ create: { width: 8, height: 8, channels: 3, background: "#123456" } })
      .tiff()
      .toFile(plain);
    expect(readGeoTiff(plain, world)).rejects.toThrow("no GeoKeys");
  });

  for (const [file, lon, lat, height] of [
    ["scene-alexandria-va/dtm.tif", -77.0526, 38.81059, 11.9992485], // by rasterio 1.4.4, bilinear between pixel centres
    ["scene-portland/portland-ned.tif", -122.679, 45.519, 16.60513],
  ] as const)
    skipUnless(data, "EARTHCRAFT_DATA is not set")(`${file} at one point as rasterio has it`, async () => {
      const raster = (await readGeoTiff(join(data!, file), { west: lon - 0.01, east: lon + 0.01, south: lat - 0.01, north: lat + 0.01 }))!;
      expect(at(raster, lon, lat)).toBeCloseTo(height, 4);
    });
});

describe("SRTM tiles", () => {
  const side = 1201;
  const tile = () => {
    const view = new DataView(new ArrayBuffer(2 * side * side));
    for (let i = 0; i < side * side; i++) view.setInt16(2 * i, i === 0 ? -32768 : (i % side) + 2 * Math.floor(i / side));
    return new Uint8Array(view.buffer);
  };

  test("points lie on whole seconds: the corner is the north-west, voids are NaN", async () => {
    const file = join(folder, "S34E151.hgt");
    writeFileSync(file, tile());
    const raster = await readHgt(file);
    expect(at(raster, 151, -33)).toBeNaN(); // first value: the north-western corner
    expect(at(raster, 152, -33)).toBe(1200);
    expect(at(raster, 151, -34)).toBe(2400);
    expect(at(raster, 151.5, -33.25)).toBeCloseTo(600 + 2 * 300, 3);
    expect(at(raster, 150.9, -33.5)).toBeNaN();
  });

  test("a zip is read; a bomb, a second tile and a wrong size are refused", async () => {
    const file = join(folder, "tile.hgt.zip");
    writeFileSync(file, zipSync({ "N47E009.hgt": tile(), "readme.txt": new Uint8Array(5) }));
    expect(at(await readHgt(file), 10, 48)).toBe(1200);
    writeFileSync(file, zipSync({ "N47E009.hgt": new Uint8Array(60_000_000) }));
    expect(readHgt(file)).rejects.toThrow("the largest SRTM tile has");
    writeFileSync(file, zipSync({ "N47E009.hgt": tile(), "N47E010.hgt": tile() }));
    expect(readHgt(file)).rejects.toThrow("2 .hgt tiles");
    const short = join(folder, "N01E001.hgt");
    writeFileSync(short, new Uint8Array(100));
    expect(readHgt(short)).rejects.toThrow("100 bytes");
    const nameless = join(folder, "tile.hgt");
    writeFileSync(nameless, tile());
    expect(readHgt(nameless)).rejects.toThrow("says no position");
  });

  skipUnless(data, "EARTHCRAFT_DATA is not set")("Monaco's tile: 1,595 voids, sea in the south", async () => {
    const raster = await readHgt(join(data!, "scene-monaco/N43E007.hgt.zip"));
    expect(raster.values.reduce((n, v) => n + (Number.isNaN(v) ? 1 : 0), 0)).toBe(1595);
    expect(at(raster, 7.45, 43.6)).toBe(0);
    expect(at(raster, 7.41, 43.745)).toBeGreaterThan(150);
  });
});

describe("terrarium tiles", () => {
  test("R · 256 + G + B / 256 − 32768 on the tile that the name gives", async () => {
    const file = join(folder, "12-2148-1450.png");
    const pixels = new Uint8Array(3 * 4 * 4);
    for (let i = 0; i < 16; i++) pixels.set([128 + (i === 5 ? 1 : 0), i, 64], 3 * i);
    await sharp(pixels, { raw: { width: 4, height: 4, channels: 3 } })
      .png()
      .toFile(file);
    const raster = await readTerrarium(file);
    expect(raster.values[3]).toBe(3.25);
    expect(raster.values[5]).toBe(256 + 5.25);
    // tile 12/2148/1450 begins at 8.7890625° E, 46.8 to 46.9° N (the slippy map's formula, by hand: lat = atan(sinh(π (1 − 2y/n))))
    expect(raster.pixelOf(8.7890625, 46.92025531537452)[0]).toBeCloseTo(0, 6);
    expect(raster.pixelOf(8.7890625, (Math.atan(Math.sinh(Math.PI * (1 - (2 * 1450) / 4096))) * 180) / Math.PI)[1]).toBeCloseTo(0, 6);
    expect(raster.pixelOf(8.876953125, 46.9)[0]).toBeCloseTo(4, 6);
  });

  test("a tile of unknown place is refused", () => {
    expect(readTerrarium("/tmp/terrarium.png")).rejects.toThrow("does not end in z/x/y.png");
  });

  skipUnless(data, "EARTHCRAFT_DATA is not set")("the real tile spans 852 to 2475 m", async () => {
    const { values } = await decodeTerrarium(join(data!, "terrarium-tile/terrarium.png"));
    expect(values.reduce((a, b) => Math.min(a, b))).toBeCloseTo(852.1, 0);
    expect(values.reduce((a, b) => Math.max(a, b))).toBeCloseTo(2475.1, 0);
  });
});
