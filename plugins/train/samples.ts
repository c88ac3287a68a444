/**
 * The data set as training sees it: samples of one split by id, held in memory up to a limit, the least recently used first to go. What a step needs is loaded before it (`load`), so that the step
 * itself never waits.
 */

import { EXIT, UserError } from "../../cli/plugin";
import { Arena, Tensor } from "../../ffi";
import type { StoredTensor } from "../../ffi/safetensors";
import { type Dataset, openDataset, type SampleRecord, type SplitName, type Sample as StoredSample } from "../dataset/api";
import { joined, type Part, wholeSites } from "./joined-sites";

export interface Sample {
  id: string;
  record: SampleRecord;
  /** The crops of the data set that it is made of: one, unless those of a site are joined. */
  parts: readonly Part[];
  /** Cells along the edge. */
  extent: number;
  /** [N, 3]. */
  coords: Int32Array;
  /** f16 [N, 66], owned by the store. */
  feats: Tensor;
  /** [N, 3]. */
  rgb: Uint8Array;
  /** [N]. */
  semantic: Uint8Array;
  /** [extent, extent], north-up. */
  map: Uint8Array;
}

export interface SiteViews {
  width: number;
  height: number;
  count: number;
  /** [M, H, W, 3]. */
  rgb: Uint8Array;
  /** [M, H, W] metres. */
  depth: Float32Array;
  /** [M, H, W, 3] × 127. */
  normal: Int8Array;
  /** [M, 4, 4] OpenGL, metres about the site's origin. */
  c2w: Float32Array;
  /** [M, 4]: fx, fy, cx, cy. */
  intrinsics: Float32Array;
}

/** Bytes of samples to hold; a mini data set fits whole. */
const HELD_BYTES = 2 * 2 ** 30;

export class SampleStore {
  private readonly samples = new Map<string, { sample: Sample; bytes: number; arena: Arena }>();
  private readonly views = new Map<string, SiteViews>();
  private held = 0;
  /** The data set's ids; of a joined site, the site's. */
  readonly ids: readonly string[];
  /** Highest voxel of each sample, in the order of `ids`: what Eq. 2 weighs by. */
  readonly heights: readonly number[];
  /** Crops that each sample is made of. */
  readonly crops: readonly number[];

  private constructor(
    readonly dataset: Dataset,
    /** Ids of the data set's crops, by the sample's. */
    private readonly made: ReadonlyMap<string, readonly string[]>,
  ) {
    this.ids = [...made.keys()];
    const parts = [...made.values()];
    this.heights = parts.map((ids) => Math.max(...ids.map((id) => dataset.entry(id).height_cells)));
    this.crops = parts.map((ids) => ids.length);
  }

  /**
   * @param dir output of the `split` stage
   * @param from `sites`: the crops of every site that they cover without a gap are one sample; crops of the others stay as they are
   */
  static async open(dir: string, split: SplitName, from: "crops" | "sites" = "crops"): Promise<SampleStore> {
    const dataset = await openDataset(dir, { split });
    const ids = dataset.ids();
    if (ids.length === 0)
      throw new UserError({
        what: `the data set has no ${split} samples`,
        where: dataset.file,
        fix: "give it more sites, or change the split",
        exit: EXIT.badInput,
      });
    return new SampleStore(dataset, from === "sites" ? await wholeSites(dataset, ids) : new Map(ids.map((id) => [id, [id]])));
  }

  /** Id of the feature extractor that made the samples. */
  get extractor(): string {
    return this.dataset.extractor;
  }

  /** Reads what is not held yet. */
  async load(ids: Iterable<string>): Promise<void> {
    const wanted = new Set(ids);
    for (const id of wanted) {
      const known = this.samples.get(id);
      if (known) {
        this.samples.delete(id);
        this.samples.set(id, known);
        continue;
      }
      const crops = await Promise.all((this.made.get(id) ?? [id]).map((crop) => this.dataset.readSample(crop)));
      const arena = new Arena(`sample ${id}`);
      const sample = arena.run(() => joined(id, crops.map(cropSample)));
      const bytes = 2 * 2 * sample.feats.shape[0]! * sample.feats.shape[1]!;
      this.samples.set(id, { sample, bytes, arena });
      this.held += bytes;
    }
    for (const [id, { bytes, arena }] of this.samples) {
      if (this.held <= HELD_BYTES || wanted.has(id)) break;
      this.samples.delete(id);
      this.held -= bytes;
      arena.dispose();
    }
  }

  /** @throws when it was not loaded */
  get(id: string): Sample {
    const found = this.samples.get(id);
    if (!found) throw new RangeError(`sample ${id} is not loaded`);
    return found.sample;
  }

  viewsOf(site: string): SiteViews {
    let found = this.views.get(site);
    if (!found) {
      const { rgb, depth, normal, c2w, intrinsics } = this.dataset.readViews(site);
      const [count, height, width] = depth.shape as [number, number, number];
      found = {
        ...{ count, height, width },
        rgb: rgb.data as Uint8Array,
        depth: depth.data as Float32Array,
        normal: normal.data as Int8Array,
        c2w: c2w.data as Float32Array,
        intrinsics: intrinsics.data as Float32Array,
      };
      this.views.set(site, found);
    }
    return found;
  }
}

/** The caller's scope owns the tensor. */
function cropSample({ record, ...tensors }: StoredSample): Sample {
  return {
    ...{ id: record.id, record, extent: record.cells, parts: [{ corner: [0, 0], size: record.cells, views: record.views }] },
    coords: Int32Array.from(tensors.coords.data as Int16Array),
    feats: Tensor.fromBytes(bytesOf(tensors.feats), tensors.feats.shape, "f16"),
    rgb: tensors.rgb.data as Uint8Array,
    semantic: tensors.semantic.data as Uint8Array,
    map: tensors.semanticMap.data as Uint8Array,
  };
}

function bytesOf({ data }: StoredTensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
