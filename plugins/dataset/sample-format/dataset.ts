/**
 * Reading the data set: what the models see of it.
 *
 * A data set opened for one split refuses to read anything of another, and lists every file that it opened, so that a test can say what training saw.
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { EXIT, UserError } from "../../../cli/plugin";
import { openSafetensors, type StoredTensor } from "../../../ffi/safetensors";
import { SPLIT_FILE, type SplitIndex, type SplitName, splitSchema } from "./index-file";
import { type SampleRecord, sampleSchema } from "./sample";

export interface Sample {
  record: SampleRecord;
  /** int16 [N, 3]: x, y, z cells of the crop, Morton order. */
  coords: StoredTensor;
  /** float16 [N, 66], Eq. 1: f0 16, f1 16, f2 16, cross RGB 15, normal 3. */
  feats: StoredTensor;
  /** uint8 [N, 3]. */
  rgb: StoredTensor;
  /** uint8 [N], Table 13 ids. */
  semantic: StoredTensor;
  /** int8 [N, 3], world ENU · 127. */
  normal: StoredTensor;
  /** uint8 [L, L], north-up. */
  semanticMap: StoredTensor;
}

export interface SiteViews {
  site: string;
  /** uint8 [M, H, W, 3]. */
  rgb: StoredTensor;
  /** float32 [M, H, W], z-depth in metres, 0 = nothing. */
  depth: StoredTensor;
  /** uint8 [M, H, W]. */
  semantic: StoredTensor;
  /** int8 [M, H, W, 3], world ENU · 127. */
  normal: StoredTensor;
  /** float32 [M, 4, 4], OpenGL camera-to-world, metres about the site's origin. */
  c2w: StoredTensor;
  /** float32 [M, 4]: fx, fy, cx, cy. */
  intrinsics: StoredTensor;
}

export interface DatasetOptions {
  /** Only samples of this split can be read. Without it all can. */
  split?: SplitName;
}

/**
 * @param dir a run folder, or the folder of its split stage
 * @throws UserError when there is no data set
 */
export async function openDataset(dir: string, options: DatasetOptions = {}): Promise<Dataset> {
  const file = [join(dir, SPLIT_FILE), join(dir, "split", SPLIT_FILE)].find((candidate) => existsSync(candidate));
  if (!file)
    throw new UserError({
      what: "there is no data set here",
      where: dir,
      fix: "build one with `earthcraft dataset build RECIPE` and name its run folder",
      exit: EXIT.badInput,
    });
  return new Dataset(file, splitSchema.parse(await Bun.file(file).json()), options);
}

export class Dataset {
  /** Every file that was read, in order, absolute. */
  readonly opened: string[] = [];
  private readonly entries: ReadonlyMap<string, SplitIndex["samples"][number]>;

  constructor(
    readonly file: string,
    readonly index: SplitIndex,
    private readonly options: DatasetOptions,
  ) {
    this.entries = new Map(index.samples.map((entry) => [entry.id, entry]));
  }

  /** The extractor that made the features; a model trained on another's must refuse them. */
  get extractor(): string {
    return this.index.extractor;
  }

  /** L: cells along a crop's edge. */
  get cells(): number {
    return this.index.cells;
  }

  /** Ids of a split, or of the one the data set was opened for, in the index's order. */
  ids(split: SplitName | undefined = this.options.split): string[] {
    return this.index.samples.filter((entry) => split === undefined || this.belongs(entry.split, split)).map((entry) => entry.id);
  }

  /** What the index tells of a sample without opening it. */
  entry(id: string): SplitIndex["samples"][number] {
    const entry = this.entries.get(id);
    if (!entry) throw new RangeError(`no sample "${id}" in ${this.file}`);
    return entry;
  }

  async readRecord(id: string): Promise<SampleRecord> {
    const file = join(this.folderOf(id), "sample.json");
    this.opened.push(file);
    return sampleSchema.parse(await Bun.file(file).json());
  }

  async readSample(id: string): Promise<Sample> {
    const record = await this.readRecord(id);
    const tensors = this.read(join(this.folderOf(id), "sample.safetensors"));
    return {
      record,
      coords: tensors("coords"),
      feats: tensors("feats"),
      rgb: tensors("rgb"),
      semantic: tensors("semantic"),
      normal: tensors("normal"),
      semanticMap: tensors("semantic_map"),
    };
  }

  /** All views of a site. Refused where the data set was opened for a split that has no sample of the site. */
  readViews(site: string): SiteViews {
    const entry = this.index.sites.find(({ id }) => id === site);
    if (!entry) throw new RangeError(`no site "${site}" in ${this.file}`);
    if (!this.index.samples.some((sample) => sample.site === site && this.allows(sample.split)))
      throw new RangeError(`the data set was opened for "${this.options.split}", which has no sample of site "${site}"`);
    const tensors = this.read(join(resolve(dirname(this.file), entry.views_dir), "views.safetensors"));
    return {
      site,
      rgb: tensors("rgb"),
      depth: tensors("depth"),
      semantic: tensors("semantic"),
      normal: tensors("normal"),
      c2w: tensors("c2w"),
      intrinsics: tensors("intrinsics"),
    };
  }

  private allows(split: SplitName): boolean {
    return this.options.split === undefined || this.belongs(split, this.options.split);
  }

  /** Where nothing is held out, the training samples validate too. */
  private belongs(split: SplitName, wanted: SplitName): boolean {
    return split === wanted || (this.index.policy === "none" && split === "train" && wanted === "validation");
  }

  private folderOf(id: string): string {
    const { split, dir } = this.entry(id);
    if (!this.allows(split)) throw new RangeError(`the data set was opened for "${this.options.split}"; sample "${id}" is of "${split}"`);
    return resolve(dirname(this.file), dir);
  }

  private read(file: string): (name: string) => StoredTensor {
    this.opened.push(file);
    const opened = openSafetensors(file);
    return (name) => {
      const { dtype, shape } = opened.entry(name);
      return { dtype, shape, data: opened.array(name) };
    };
  }
}
