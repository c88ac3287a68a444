/** Reads `LAT,LON` as people write it. */
import { EXIT, UserError } from "../../../cli/plugin";

export interface LatLon {
  lat: number;
  lon: number;
}

const NUMBER = /^[-−+]?(?:\d+(?:\.\d+)?|\.\d+)$/;
const EXAMPLE = "two decimal degrees with a comma between, latitude first, south and west negative: 43.7384,7.4246 or -33.86,151.21";

/** @throws UserError of exit 2 that says what is wrong, swapped coordinates included */
export function parseLatLon(text: string): LatLon {
  const parts = text.split(",").map((part) => part.trim().replace(/°$/, ""));
  const fail = (what: string, fix = EXAMPLE): never => {
    throw new UserError({ what, where: "LAT,LON", fix, exit: EXIT.usage });
  };
  if (parts.length !== 2 || !parts.every((part) => NUMBER.test(part))) return fail(`"${text}" is no pair of coordinates`);
  const [lat, lon] = parts.map((part) => Number(part.replace("−", "-"))) as [number, number];
  if (Math.abs(lat) > 90 && Math.abs(lon) <= 90 && Math.abs(lat) <= 180)
    return fail(`${lat} is no latitude, but ${lon} could be: they are swapped`, `write ${lon},${lat}`);
  if (Math.abs(lat) > 90) return fail(`${lat} is no latitude: it lies between -90 and 90`);
  if (Math.abs(lon) > 180) return fail(`${lon} is no longitude: it lies between -180 and 180`);
  return { lat, lon };
}
