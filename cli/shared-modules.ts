/** Modules that plugins of others share with the host. */
import { programRoot } from "./io";

let shared = false;

/** Lets plugins of others import `earthcraft/cli/plugin` and `zod`, and get the modules that run here rather than copies of their own. */
export function shareModules(): void {
  if (shared) return;
  shared = true;
  Bun.plugin({
    name: "earthcraft",
    setup(build) {
      build.module("earthcraft/cli/plugin", async () => ({ exports: await import("./plugin"), loader: "object" }));
      build.module("zod", async () => ({ exports: await import(Bun.resolveSync("zod", programRoot)), loader: "object" }));
    },
  });
}
