/** NumPy's `.npy`, version 1.0, little-endian float32: what nerfstudio, NumPy and most others read depth from. */
export function npyFloat32(data: Float32Array, shape: readonly number[]): Uint8Array {
  const head = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const padded = head.padEnd(Math.ceil((10 + head.length + 1) / 64) * 64 - 11, " ").concat("\n");
  const prefix = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8);
  return Buffer.concat([prefix, new TextEncoder().encode(padded), new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}
