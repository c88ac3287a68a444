/**
 * Meshes beside VTK, scikit-image, Open3D, scipy, pymeshfix and Listing 1 in torch, in one run on the same data: milliseconds, ratio (below 1 we are
 * faster), the bar that the ratio must keep, and how far the results differ.
 *
 *     ./earthcraft bun test/bench/meshes.ts [--threads 2] [--rounds 5] [--only surface] [--json]
 *
 * EARTHCRAFT_PEERS names the python with the peers. Ours and the peer take turns; the quicker round of each counts.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setThreads } from "../../ffi";
import { aggregation } from "./meshes/aggregation";
import { repair } from "./meshes/repair";
import { surface } from "./meshes/surface";
import { Table } from "./meshes/table";
import { visibility } from "./meshes/visibility";

const { values } = parseArgs({
  args: Bun.argv.slice(2),
  options: {
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});
const SECTIONS = { surface, visibility, aggregation, repair };

const folder = mkdtempSync(join(tmpdir(), "earthcraft-meshes-"));
setThreads(Number(values.threads));
const table = new Table({ folder, threads: Number(values.threads), rounds: Number(values.rounds), json: values.json });
try {
  for (const [name, section] of Object.entries(SECTIONS)) if (name.includes(values.only)) await section(table);
} finally {
  table.end();
  rmSync(folder, { recursive: true });
}
