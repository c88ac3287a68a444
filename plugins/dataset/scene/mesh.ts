/** A growing triangle mesh with a class a face and a colour a vertex. */

export interface SceneMesh {
  /** [V, 3] ENU metres about the site's origin. */
  vertices: Float32Array;
  /** [F, 3], counter-clockwise seen from outside. */
  faces: Int32Array;
  /** [F] ids of Table 13. */
  faceClass: Uint8Array;
  /** [V, 3] sRGB. */
  vertexColor: Uint8Array;
}

export type RGB = readonly [number, number, number];

export class MeshBuilder {
  private vertices = new Float32Array(3 << 16);
  private colors = new Uint8Array(3 << 16);
  private faces = new Int32Array(3 << 17);
  private classes = new Uint8Array(1 << 17);
  vertexCount = 0;
  faceCount = 0;

  /** @param rgb 0–1 */
  vertex(x: number, y: number, z: number, rgb: RGB): number {
    const at = 3 * this.vertexCount;
    if (at === this.vertices.length) {
      this.vertices = grow(this.vertices, Float32Array);
      this.colors = grow(this.colors, Uint8Array);
    }
    this.vertices[at] = x;
    this.vertices[at + 1] = y;
    this.vertices[at + 2] = z;
    for (let k = 0; k < 3; k++) this.colors[at + k] = Math.max(0, Math.min(255, Math.round(rgb[k]! * 255)));
    return this.vertexCount++;
  }

  triangle(a: number, b: number, c: number, landClass: number): void {
    const at = 3 * this.faceCount;
    if (at === this.faces.length) {
      this.faces = grow(this.faces, Int32Array);
      this.classes = grow(this.classes, Uint8Array);
    }
    this.faces[at] = a;
    this.faces[at + 1] = b;
    this.faces[at + 2] = c;
    this.classes[this.faceCount++] = landClass;
  }

  quad(a: number, b: number, c: number, d: number, landClass: number): void {
    this.triangle(a, b, c, landClass);
    this.triangle(a, c, d, landClass);
  }

  build(): SceneMesh {
    return {
      vertices: this.vertices.slice(0, 3 * this.vertexCount),
      faces: this.faces.slice(0, 3 * this.faceCount),
      faceClass: this.classes.slice(0, this.faceCount),
      vertexColor: this.colors.slice(0, 3 * this.vertexCount),
    };
  }
}

function grow<T extends Float32Array | Uint8Array | Int32Array>(old: T, make: new (length: number) => T): T {
  const bigger = new make(2 * old.length);
  bigger.set(old as never);
  return bigger;
}
