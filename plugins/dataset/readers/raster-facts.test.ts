import { describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { peer, runPeer } from "../../../test/peers/python";
import { skipUnless } from "../../../test/skip";
import { rasterFacts } from "./raster-facts";

const data = process.env.EARTHCRAFT_DATA;
const folder = mkdtempSync(join(tmpdir(), "earthcraft-facts-"));

interface Seen {
  file: string;
  epsg: number;
  width: number;
  height: number;
  bands: number;
  bounds: [number, number, number, number];
  overviews: number;
  copyright: string | null;
}

describe("what rasters say of themselves", () => {
  peer("GeoTIFFs: as rasterio has it, in twelve kinds", async () => {
    runPeer("rasters.py", [folder]);
    const all = runPeer<Seen[]>("raster_facts.py", [folder]);
    expect(all).toHaveLength(12);
    for (const { file, epsg, width, height, bands, bounds, overviews, copyright } of all) {
      const facts = await rasterFacts(file);
      expect(facts).toMatchObject({ width, height, bands });
      expect(facts.crs).toStartWith(`EPSG:${epsg} `);
      expect(facts.format).toBe(overviews > 0 ? "cloud-optimised GeoTIFF" : "GeoTIFF");
      expect(facts.copyright ?? null).toBe(copyright);
      const { west, south, east, north } = facts.bounds;
      // rasterio's box of a turned raster is that of its box in the CRS: larger than the raster's own
      if (!file.endsWith("rotated.tif"))
        for (const [i, ours] of [west, south, east, north].entries())
          expect({ file, off: Math.abs(ours - bounds[i]!) < 1e-4 }).toEqual({ file, off: true });
      expect(west).toBeGreaterThan(bounds[0] - 1e-4);
      expect(north).toBeLessThan(bounds[3] + 1e-4);
    }
  });

  test("a terrarium tile: its box in degrees, and pixels as wide as they are on the ground", async () => {
    const file = join(folder, "1-1-0.png"); // the north-eastern quarter of the Mercator world
    await sharp({ create: { width: 4, height: 4, channels: 3, background: "#800000" } })
      .png()
      .toFile(file);
    const { bounds, vertical, pixel_m } = await rasterFacts(file);
    expect(bounds.west).toBe(0);
    expect(bounds.east).toBe(180);
    expect(bounds.south).toBeCloseTo(0, 9);
    expect(bounds.north).toBeCloseTo(85.0511, 4);
    expect(vertical).toBe("egm96");
    expect(pixel_m).toBeCloseTo((40_075_017 / 8) * Math.cos((42.52557 * Math.PI) / 180), -2);
  });

  test("what is missing or of no known kind is refused by name", async () => {
    await expect(rasterFacts(join(folder, "none.tif"))).rejects.toThrow("there is no such file");
    writeFileSync(join(folder, "heights.xyz"), "1 2 3");
    await expect(rasterFacts(join(folder, "heights.xyz"))).rejects.toThrow("format is not known");
    writeFileSync(join(folder, "no-tiff.tif"), "II*");
    await expect(rasterFacts(join(folder, "no-tiff.tif"))).rejects.toThrow("not a readable TIFF");
  });

  skipUnless(data, "EARTHCRAFT_DATA is not set")("an SRTM tile lies where its name says", async () => {
    const facts = await rasterFacts(join(data!, "scene-monaco/N43E007.hgt.zip"));
    expect(facts).toMatchObject({ format: "SRTM tile", bounds: { west: 7, south: 43, east: 8, north: 44 }, width: 1201, vertical: "egm96" });
  });
});
