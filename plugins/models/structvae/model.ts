/** StructVAE: voxel coordinates at L to latents at L/8 and back (paper, "StructVAE"; Tables 6, 7). */
import { Module } from "../../../ffi";
import type { StructvaeConfig } from "./config";
import { StructvaeDecoder } from "./decoder";
import { StructvaeEncoder } from "./encoder";

export class Structvae extends Module {
  readonly encoder: StructvaeEncoder;
  readonly decoder: StructvaeDecoder;

  constructor(readonly config: StructvaeConfig) {
    super();
    this.encoder = new StructvaeEncoder(config);
    this.decoder = new StructvaeDecoder(config);
  }
}
