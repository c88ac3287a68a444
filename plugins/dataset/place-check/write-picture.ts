/** Where the picture of a checked place goes. */
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, extname, isAbsolute, join } from "node:path";
import sharp from "sharp";
import { EXIT, UserError } from "../../../cli/plugin";
import type { PlaceCheck } from "./check";
import { drawPlace } from "./picture";

/** `--out`, a file or a folder; without it the cache folder: data often lie where nobody may write. */
export function picturePath({ place, file }: PlaceCheck, out: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  if (out !== undefined) return extname(out).toLowerCase() === ".png" ? out : join(out, `${place.name}.png`);
  const { XDG_CACHE_HOME: xdg, HOME } = env;
  const cache = xdg && isAbsolute(xdg) ? xdg : join(HOME || homedir(), ".cache");
  return join(cache, "earthcraft", "places", `${place.name}-${Bun.hash(file).toString(16).slice(0, 6)}.png`);
}

/** @returns its path; undefined where there is nothing to draw */
export async function writePicture(check: PlaceCheck, path: string): Promise<string | undefined> {
  const picture = drawPlace(check.opened, check.sites);
  if (picture === undefined) return undefined;
  const { size, rgb } = picture;
  try {
    mkdirSync(dirname(path), { recursive: true });
    await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
      .png()
      .toFile(path);
  } catch (error) {
    throw new UserError({
      what: `the picture cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      where: path,
      fix: "name another place with --out",
      exit: EXIT.disk,
    });
  }
  return path;
}
