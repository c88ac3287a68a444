/**
 * The catalogue: an SQLite index over a data set, for questions that would otherwise open every sample. It can be thrown away: files are the truth, and `rebuildCatalog` makes it anew from them.
 *
 * One writer: it is written to a name of its own and renamed into place, so that a reader sees the old one or the new one.
 */
import { Database } from "bun:sqlite";
import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CLASSES } from "../../earth/api";
import { type Dataset, openDataset } from "../sample-format/dataset";

const FILE = "catalog.sqlite";

export interface CatalogRow {
  id: string;
  site: string;
  split: string;
  voxels: number;
  height_cells: number;
  cut_voxels: number;
  views: number;
  bytes: number;
  /** The class with most voxels, and its share. */
  main_class: string;
  main_share: number;
  dir: string;
}

/** Beside the folder of the split: in the run folder. */
function catalogFile(dataset: Dataset): string {
  return join(dirname(dirname(dataset.file)), FILE);
}

/** @returns how many samples it lists */
export async function rebuildCatalog(dir: string): Promise<{ file: string; samples: number }> {
  const dataset = await openDataset(dir);
  const rows: CatalogRow[] = [];
  for (const id of dataset.ids()) {
    const [entry, record] = [dataset.entry(id), await dataset.readRecord(id)];
    const folder = resolve(dirname(dataset.file), entry.dir);
    const most = record.class_voxels.reduce((best, n, c) => (n > record.class_voxels[best]! ? c : best), 0);
    rows.push({
      id,
      site: entry.site,
      split: entry.split,
      voxels: record.voxels,
      height_cells: record.height_cells,
      cut_voxels: record.cut_voxels,
      views: record.views.length,
      bytes: statSync(join(folder, "sample.safetensors")).size,
      main_class: CLASSES[most]!.name,
      main_share: record.class_voxels[most]! / Math.max(1, record.voxels),
      dir: folder,
    });
  }
  const file = catalogFile(dataset);
  const fresh = `${file}.${process.pid}`;
  rmSync(fresh, { force: true });
  const database = new Database(fresh, { create: true, strict: true });
  database.run(
    "CREATE TABLE samples (id TEXT PRIMARY KEY, site TEXT, split TEXT, voxels INTEGER, height_cells INTEGER, cut_voxels INTEGER, views INTEGER, bytes INTEGER, main_class TEXT, main_share REAL, dir TEXT) WITHOUT ROWID",
  );
  const insert = database.prepare(
    "INSERT INTO samples VALUES ($id, $site, $split, $voxels, $height_cells, $cut_voxels, $views, $bytes, $main_class, $main_share, $dir)",
  );
  database.transaction((all: CatalogRow[]) => {
    for (const row of all) insert.run({ ...row });
  })(rows);
  insert.finalize();
  database.close();
  renameSync(fresh, file);
  return { file, samples: rows.length };
}

/** Rows of the catalogue, which is made first where it is missing or older than the split. */
export async function listSamples(dir: string, filter: { split?: string; site?: string } = {}): Promise<CatalogRow[]> {
  const dataset = await openDataset(dir);
  const file = catalogFile(dataset);
  if (!existsSync(file) || statSync(file).mtimeMs < statSync(dataset.file).mtimeMs) await rebuildCatalog(dir);
  const database = new Database(file, { readonly: true, strict: true });
  try {
    return database
      .query<CatalogRow, { split: string | null; site: string | null }>(
        "SELECT * FROM samples WHERE ($split IS NULL OR split = $split) AND ($site IS NULL OR site = $site) ORDER BY id",
      )
      .all({ split: filter.split ?? null, site: filter.site ?? null });
  } finally {
    database.close();
  }
}
