import { describe, expect, test } from "bun:test";
import { curvatureRadii, EnuFrame, ecefToGeodetic, geodeticToEcef } from "./frame";
import peers from "./frame.peers.json"; // pyproj's answers; made by test/peers/geodesy.py

const MM = 1e-3;
const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!, a[2]! - b[2]!);

describe("frames agree with pyproj at 20 points, poles included", () => {
  for (const { geodetic, ecef, near, enu } of peers.points) {
    const [lat, lon, h] = geodetic as [number, number, number];
    test(`${lat}, ${lon}, ${h} m`, () => {
      expect(distance(geodeticToEcef({ lat, lon, h }), ecef)).toBeLessThan(MM);
      const back = ecefToGeodetic(ecef as [number, number, number]);
      expect(distance(geodeticToEcef(back), ecef)).toBeLessThan(MM);
      expect(Math.abs(back.h - h)).toBeLessThan(MM);
      expect(Math.abs(back.lat - lat) * 111_320).toBeLessThan(MM);

      const frame = new EnuFrame({ lat, lon, h });
      const [nearLat, nearLon, nearH] = near as [number, number, number];
      const there = frame.fromGeodetic({ lat: nearLat, lon: nearLon, h: nearH });
      expect(distance(there, enu)).toBeLessThan(MM);
      expect(distance(frame.toEcef(there), geodeticToEcef({ lat: nearLat, lon: nearLon, h: nearH }))).toBeLessThan(MM);
    });
  }
});

test("east grows with longitude, north with latitude, up with height", () => {
  const frame = new EnuFrame({ lat: 47, lon: 9, h: 400 });
  expect(frame.fromGeodetic({ lat: 47, lon: 9.001, h: 400 })[0]).toBeGreaterThan(70);
  expect(frame.fromGeodetic({ lat: 47.001, lon: 9, h: 400 })[1]).toBeGreaterThan(110);
  expect(frame.fromGeodetic({ lat: 47, lon: 9, h: 410 })[2]).toBeCloseTo(10, 6);
});

test("one degree of latitude is as long as the meridian's curvature says", () => {
  const frame = new EnuFrame({ lat: 30, lon: 0, h: 0 });
  const step = 1e-4;
  const metres = frame.fromGeodetic({ lat: 30 + step, lon: 0, h: 0 })[1];
  expect(metres / ((step * Math.PI) / 180)).toBeCloseTo(curvatureRadii(30).meridian, -1);
});

test("what is no place on Earth is refused", () => {
  expect(() => new EnuFrame({ lat: 122, lon: 45, h: 0 })).toThrow("no place on Earth");
});
