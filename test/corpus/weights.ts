/** Safetensors files that are cut, that lie, or that would run code if somebody unpickled them. */

import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { writeScene } from "../../plugins/view/scene-file";
import type { BadFile } from "./bad-file";

export function goodScene(): Uint8Array {
  const path = join(tmpdir(), `earthcraft-corpus-${process.pid}.safetensors`);
  writeScene(path, { voxels: { coords: Int16Array.from([0, 0, 0, 1, 2, 3]), rgb: new Uint8Array(6), voxel_m: 2, corner_m: [0, 0, 0] } });
  const bytes = new Uint8Array(readFileSync(path));
  rmSync(path);
  return bytes;
}

function file(header: string, data: number, claim = BigInt(header.length)): Uint8Array {
  const bytes = new Uint8Array(8 + header.length + data);
  new DataView(bytes.buffer).setBigUint64(0, claim, true);
  bytes.set(new TextEncoder().encode(header), 8);
  return bytes;
}

/** A pickle that, loaded, would touch `marker`: protocol 2, `os.system`, the command, a call. */
function pickle(marker: string): Uint8Array {
  const text = new TextEncoder().encode(`cos\nsystem\n(S'touch ${marker}'\ntR.`);
  return Uint8Array.of(0x80, 2, ...text);
}

/** @param marker a file that must never come into being */
export function badScenes(marker: string): BadFile[] {
  const whole = goodScene();
  const flipped = Uint8Array.from(whole);
  flipped[12]! ^= 0x20;
  const entry = '{"coords":{"dtype":"I16","shape":[1000000,3],"data_offsets":[0,6000000]}}';
  const oddCorner = new TextEncoder().encode(new TextDecoder("latin1").decode(whole).replace("[0,0,0]", "[0,0,x]"));
  return [
    { what: "empty", bytes: new Uint8Array(0), says: /too few for a safetensors file/ },
    { what: "cut in its tensors", bytes: whole.slice(0, -4), says: /cut short/ },
    { what: "cut in its header", bytes: whole.slice(0, 40), says: /cut short/ },
    { what: "one bit of its header turned", bytes: flipped, says: /scene\.safetensors/ },
    { what: "six megabytes by its word", bytes: file(entry, 0), says: /cut short: the tensors take 6000000 bytes/ },
    { what: "a header of nine million terabytes by its word", bytes: file("{}", 0, 2n ** 63n), says: /a header of 9223372036854775808 bytes/ },
    { what: "another kind of tensors", bytes: file('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4), says: /so it is no scene/ },
    { what: "metadata that are no JSON", bytes: oddCorner, says: /scene\.safetensors/ },
    { what: "a pickle", bytes: pickle(marker), says: /no safetensors file|cut short/ },
    {
      what: "a pickle in a zip, as PyTorch saves",
      bytes: zipSync({ "archive/data.pkl": pickle(marker), "archive/version": new Uint8Array([51]) }),
      says: /no safetensors file|cut short/,
    },
  ];
}
