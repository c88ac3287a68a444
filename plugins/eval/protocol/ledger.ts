/** What is measured already, crop by crop, in the folder that survives an interruption. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Picture, writePng } from "../../view/api";
import type { CropResult } from "./results";

export class Ledger {
  constructor(private readonly dir: string) {}

  read(id: string): CropResult | undefined {
    const file = this.fileOf(id);
    // JSON has no NaN.
    return existsSync(file) ? JSON.parse(readFileSync(file, "utf8"), (_, value) => (value === null ? Number.NaN : value)) : undefined;
  }

  /** Its pictures have to be there already. */
  write(result: CropResult): void {
    const file = this.fileOf(result.id);
    writeFileSync(`${file}.part`, JSON.stringify(result));
    renameSync(`${file}.part`, file);
  }

  async addPicture(id: string, name: string, picture: Picture): Promise<void> {
    await writePng(this.pictureOf(id, name), picture);
  }

  pictureOf(id: string, name: string): string {
    return join(this.dir, `${id}.${name}.png`);
  }

  private fileOf(id: string): string {
    return join(this.dir, `${id}.json`);
  }
}
