/**
 * WGS 84 geodetic ↔ ECEF ↔ local ENU (DESIGN §4; the paper's "Achievement of Annotated Mesh"), in float64.
 *
 * A frame's origin is (lat, lon, h): x east, y north, z up, metres. Everything float32 in the project is local to such a frame, because one float32 step at the Earth's radius is half a metre.
 */
import { type Mat4, transformPoint, type Vec3 } from "./vector";

/** Degrees; `h` in metres above the WGS 84 ellipsoid. */
export interface Geodetic {
  lat: number;
  lon: number;
  h: number;
}

const A = 6378137;
const F = 1 / 298.257223563;
const B = A * (1 - F);
const E2 = F * (2 - F);
const EP2 = E2 / (1 - E2);
const RAD = Math.PI / 180;

/** Semi-axes in metres, flattening and squared eccentricity of WGS 84. */
export const WGS84 = { a: A, b: B, f: F, e2: E2 } as const;

export function geodeticToEcef({ lat, lon, h }: Geodetic): Vec3 {
  const [sinLat, cosLat, sinLon, cosLon] = [Math.sin(lat * RAD), Math.cos(lat * RAD), Math.sin(lon * RAD), Math.cos(lon * RAD)];
  const nu = A / Math.sqrt(1 - E2 * sinLat * sinLat);
  return [(nu + h) * cosLat * cosLon, (nu + h) * cosLat * sinLon, (nu * (1 - E2) + h) * sinLat];
}

/**
 * Bowring's formula, iterated on the reduced latitude: 3 rounds leave less than a micrometre from the sea floor to geostationary orbit. The height is taken along the normal, so that it holds at the poles too,
 * where p / cos(lat) is 0 / 0. At a pole the longitude is 0.
 */
export function ecefToGeodetic([x, y, z]: Vec3): Geodetic {
  const p = Math.hypot(x, y);
  let beta = Math.atan2(z * A, p * B);
  let lat = 0;
  for (let round = 0; round < 3; round++) {
    lat = Math.atan2(z + EP2 * B * Math.sin(beta) ** 3, p - E2 * A * Math.cos(beta) ** 3);
    beta = Math.atan2((1 - F) * Math.sin(lat), Math.cos(lat));
  }
  const sinLat = Math.sin(lat);
  const h = p * Math.cos(lat) + z * sinLat - A * Math.sqrt(1 - E2 * sinLat * sinLat);
  return { lat: lat / RAD, lon: p < 1e-9 ? 0 : Math.atan2(y, x) / RAD, h };
}

/** Radii of curvature in metres: ρ in the meridian, ν across it. */
export function curvatureRadii(lat: number): { meridian: number; transverse: number } {
  const w = 1 - E2 * Math.sin(lat * RAD) ** 2;
  return { meridian: (A * (1 - E2)) / w ** 1.5, transverse: A / Math.sqrt(w) };
}

/** The tangent frame at one point of the ellipsoid. */
export class EnuFrame {
  /** Row-major 4 × 4: ECEF metres from ENU metres. Its columns are east, north, up and the origin. */
  readonly enuToEcef: Mat4;

  /** @throws RangeError when the origin is not a place on Earth */
  constructor(readonly origin: Geodetic) {
    const { lat, lon, h } = origin;
    if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 360 && Number.isFinite(h)))
      throw new RangeError(`EnuFrame: lat ${lat}, lon ${lon}, h ${h} is no place on Earth`);
    const [sinLat, cosLat, sinLon, cosLon] = [Math.sin(lat * RAD), Math.cos(lat * RAD), Math.sin(lon * RAD), Math.cos(lon * RAD)];
    const [ox, oy, oz] = geodeticToEcef(origin);
    this.enuToEcef = [
      -sinLon,
      -sinLat * cosLon,
      cosLat * cosLon,
      ox,
      cosLon,
      -sinLat * sinLon,
      cosLat * sinLon,
      oy,
      0,
      cosLat,
      sinLat,
      oz,
      0,
      0,
      0,
      1,
    ];
  }

  toEcef(enu: Vec3): Vec3 {
    return transformPoint(this.enuToEcef, enu);
  }

  fromEcef(ecef: Vec3): Vec3 {
    const m = this.enuToEcef;
    const d: Vec3 = [ecef[0] - m[3]!, ecef[1] - m[7]!, ecef[2] - m[11]!]; // the difference first: it keeps the digits
    return [m[0]! * d[0] + m[4]! * d[1] + m[8]! * d[2], m[1]! * d[0] + m[5]! * d[1] + m[9]! * d[2], m[2]! * d[0] + m[6]! * d[1] + m[10]! * d[2]];
  }

  toGeodetic(enu: Vec3): Geodetic {
    return ecefToGeodetic(this.toEcef(enu));
  }

  fromGeodetic(point: Geodetic): Vec3 {
    return this.fromEcef(geodeticToEcef(point));
  }
}
