import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type SampleRecord, sampleSchema } from "./sample";

/** The samples in a site's folder, by name. */
export async function readSamples(siteDir: string): Promise<{ dir: string; record: SampleRecord }[]> {
  const names = readdirSync(siteDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return Promise.all(
    names.map(async (name) => ({ dir: join(siteDir, name), record: sampleSchema.parse(await Bun.file(join(siteDir, name, "sample.json")).json()) })),
  );
}
