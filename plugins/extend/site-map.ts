/** The map of a whole site, put together from the maps of its crops: what an extended scene follows. */
import type { Dataset } from "../dataset/api";
import type { Georeference } from "../earth/api";
import { CENTRE_M } from "../earth/api";

export interface SiteMap {
  site: string;
  /** Cells along x and y. */
  size: readonly [number, number];
  /** u8 [size y, size x], north-up; 0 where no crop says. */
  ids: Uint8Array;
  voxel_m: number;
  /** Where cell (0, 0, 0) begins in the site's frame. */
  corner_m: readonly [number, number, number];
  georeference?: Georeference;
}

/** @param split only its samples are read */
export async function siteMap(dataset: Dataset, site: string): Promise<SiteMap> {
  const crops = await Promise.all(dataset.index.samples.filter((sample) => sample.site === site).map(({ id }) => dataset.readSample(id)));
  const first = crops[0]?.record;
  if (!first) throw new RangeError(`no crop of site ${site}`);
  const size = [0, 1].map((axis) => Math.max(...crops.map(({ record }) => record.offset_cells[axis]! + record.cells))) as [number, number];
  const ids = new Uint8Array(size[0] * size[1]);
  for (const { record, semanticMap } of crops) {
    const { cells, offset_cells } = record;
    const map = semanticMap.data as Uint8Array;
    for (let y = 0; y < cells; y++) {
      const row = size[1] - 1 - (offset_cells[1] + y);
      const from = (cells - 1 - y) * cells;
      ids.set(map.subarray(from, from + cells), row * size[0] + offset_cells[0]);
    }
  }
  return {
    ...{ site, size, ids, voxel_m: first.voxel_m },
    corner_m: [-CENTRE_M / 2, -CENTRE_M / 2, first.z_floor_m],
    ...(first.georeference && { georeference: first.georeference }),
  };
}

/** The part over a window: u8 [edge, edge], north-up. @param origin its south-western corner, in cells of the site */
export function mapOverWindow({ ids, size }: SiteMap, origin: readonly [number, number], edge: number): Uint8Array {
  const part = new Uint8Array(edge ** 2);
  for (let y = 0; y < edge; y++) {
    const row = size[1] - 1 - (origin[1] + y);
    part.set(ids.subarray(row * size[0] + origin[0], row * size[0] + origin[0] + edge), (edge - 1 - y) * edge);
  }
  return part;
}
