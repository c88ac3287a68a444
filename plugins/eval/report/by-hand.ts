/** What commands made of a run's models beside its recipe (`earthcraft eval RUN`), as further stages of its report, as long as the models are still the ones that were used. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Run, StageRecord } from "../../../cli/plugin";

/** Where commands put their outputs unless told. */
const BY_HAND = "by-hand";

export function byHand({ dir, stages }: Run): Run["stages"] {
  const home = join(dir, BY_HAND);
  if (!existsSync(home)) return [];
  const keys = new Map(stages.map(({ id, key }) => [id, key]));
  return readdirSync(home, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(home, entry.name, "stage.json")))
    .map(({ name }) => ({ name, record: JSON.parse(readFileSync(join(home, name, "stage.json"), "utf8")) as StageRecord }))
    .filter(({ record }) => record.status === "done" && Object.entries(record.needs).every(([id, key]) => keys.get(id) === key))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, record }) => ({
      ...{ id: `${BY_HAND}-${name}`, stage: record.stage, title: `${record.title} by hand`, dir: join(BY_HAND, name), path: join(home, name) },
      ...{ status: "done", key: record.key, seconds: record.seconds, peakMemory_bytes: record.peakMemory_bytes, record, items: [] },
    }));
}
