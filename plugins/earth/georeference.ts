/** Where on Earth a local frame lies: goes beside every output that has a place. What was generated without one has no georeference, never (0, 0). */
import { z } from "zod";
import { EnuFrame, type Geodetic } from "./frame";
import { verticalSchema } from "./geoid";

export const georeferenceSchema = z.strictObject({
  /** WGS 84 degrees; h in metres above the ellipsoid. */
  origin: z.strictObject({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180), h: z.number() }),
  /** The vertical datum of the elevation it came from; heights in files that users read are h − N of it. */
  vertical: verticalSchema,
  /** Row-major 4 × 4. */
  enu_to_ecef: z.array(z.number()).length(16),
  /** Lines that every report and asset made from the data repeats. */
  attribution: z.array(z.string()),
});

export type Georeference = z.infer<typeof georeferenceSchema>;

export function georeference(origin: Geodetic, vertical: Georeference["vertical"], attribution: string[]): Georeference {
  return { origin: { ...origin }, vertical, enu_to_ecef: [...new EnuFrame(origin).enuToEcef], attribution: [...attribution] };
}
