import { z } from "zod";

/** Recipe keys of the stage `capture`. */
export const captureOptions = z.strictObject({
  /** Where the sun stands, clockwise from north. */
  sun_azimuth_deg: z.number().default(150),
  sun_elevation_deg: z.number().min(5).max(90).default(50),
  /** Light from the sky and from the sun, as shares of a surface's own colour. */
  ambient: z.number().min(0).default(0.5),
  sun: z.number().min(0).default(0.65),
  /** Texel of the shadow map; 0 = no shadows. */
  shadow_m: z.number().min(0).default(0.5),
  /** Colour is the mean of so many samples squared a pixel. */
  supersample: z.int().min(1).max(8).default(2),
  /** Beside the tensors: pictures and depth as files that other tools open. */
  files: z.enum(["all", "none"]).default("all"),
});
