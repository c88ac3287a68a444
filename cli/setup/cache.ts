/** Where earthcraft keeps what it downloads and builds: `${XDG_CACHE_HOME:-~/.cache}/earthcraft`, shared by all checkouts of a user. */
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** @param parts names below the cache folder; nothing is created */
export function cachePath(...parts: string[]): string {
  const xdg = process.env.XDG_CACHE_HOME;
  // The XDG specification has relative values ignored.
  const base = xdg && isAbsolute(xdg) ? xdg : join(process.env.HOME || homedir(), ".cache");
  return join(base, "earthcraft", ...parts);
}
