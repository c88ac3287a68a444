import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programRoot } from "../../cli/io";
import { writeSafetensors } from "../../ffi/safetensors";
import { georeference } from "../earth/api";
import { exportScene } from "./export";
import { decodePly } from "./ply";
import { readScene, type SceneFile, writeScene } from "./scene-file";

const dir = mkdtempSync(join(tmpdir(), "earthcraft-scene-"));
afterAll(() => rmSync(dir, { recursive: true }));

const scene: SceneFile = {
  voxels: {
    coords: Int16Array.of(0, 0, 0, 3, 1, 2, -2, 5, 1),
    rgb: Uint8Array.of(1, 2, 3, 40, 50, 60, 250, 0, 9),
    voxel_m: 3.125,
    corner_m: [-250, -250, 12.5],
  },
  semantic: Uint8Array.of(5, 4, 8),
  splats: {
    count: 2,
    means: Float32Array.of(1, 2, 3, 4, 5, 6),
    quats: Float32Array.of(1, 0, 0, 0, 0, 0, 1, 0),
    scales: Float32Array.of(0.5, 0.25, 0.1, 2, 3, 4),
    opacities: Float32Array.of(0.5, 0.75),
    sh: Float32Array.from({ length: 24 }, (_, i) => i / 10),
  },
  georeference: georeference({ lat: 47.2, lon: 9.62, h: 480 }, "egm96", ["© somebody"]),
};

describe("a scene file", () => {
  test("is read back as it was written, with and without what is optional", () => {
    writeScene(join(dir, "a.safetensors"), scene);
    expect(readScene(join(dir, "a.safetensors"))).toEqual(scene);
    writeScene(join(dir, "b.safetensors"), { voxels: scene.voxels });
    expect(readScene(join(dir, "b.safetensors"))).toEqual({ voxels: scene.voxels });
  });

  test("that is something else is refused by name", () => {
    const path = join(dir, "c.safetensors");
    writeSafetensors(path, new Map([["weights", { dtype: "f32", shape: [1], data: new Float32Array(1) }]]));
    expect(() => readScene(path)).toThrow("no metadata voxel_m, so it is no scene");
    writeSafetensors(path, new Map([["coords", { dtype: "i16", shape: [2], data: new Int16Array(2) }]]), { voxel_m: "1", corner_m: "[0,0,0]" });
    expect(() => readScene(path)).toThrow("coords is [2], [N, 3] is wanted");
  });

  test("exports to every kind; pictures, mesh and raster of no voxels are left out", async () => {
    const out = join(dir, "out");
    const files = (await exportScene(scene, out, { pixels: 64 })).map(({ file }) => file);
    expect(files.sort()).toEqual([
      "classes.png",
      "elevation.tif",
      "georeference.json",
      "height.png",
      "oblique.png",
      "splats.ply",
      "top.png",
      "voxels.glb",
    ]);
    expect(readdirSync(out).sort()).toEqual(files);
    expect(readFileSync(join(out, "splats.ply"), "latin1")).toContain("comment metres, x east, y north, z up, about WGS 84 47.2 9.62 480");
    expect(decodePly(new Uint8Array(readFileSync(join(out, "splats.ply")))).scales[3]).toBeCloseTo(2, 5);
    const none: SceneFile = { voxels: { ...scene.voxels, coords: new Int16Array(0), rgb: new Uint8Array(0) } };
    expect(await exportScene(none, join(dir, "none"))).toEqual([]);
  });
});

describe("earthcraft view", () => {
  const run = (...args: string[]) => {
    const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, join(programRoot, "cli/main.ts"), "view", ...args], { cwd: dir });
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  };

  test("finds the scenes of a folder and prints the files it wrote", () => {
    writeScene(join(dir, "run", "sample", "x", "scene.safetensors"), scene);
    const { exitCode, stdout } = run("run", "--only", "ply", "--only", "tif");
    expect(
      stdout
        .trim()
        .split("\n")
        .map((path) => path.slice(dir.length)),
    ).toEqual(["splats.ply", "elevation.tif", "georeference.json"].map((file) => `/run/sample/x/view/${file}`));
    expect(exitCode).toBe(0);
    expect(existsSync(join(dir, "run/sample/x/view/voxels.glb"))).toBe(false);
  });

  test("leaves the stages of a run as they are", () => {
    writeScene(join(dir, "town", "sample", "x", "scene.safetensors"), scene);
    writeFileSync(join(dir, "town", "run.json"), "{}");
    const { stdout } = run("town", "--only", "ply");
    expect(stdout).toStartWith(join(dir, "town/by-hand/view/sample-x/splats.ply"));
    expect(readdirSync(join(dir, "town/sample/x"))).toEqual(["scene.safetensors"]);
  });

  test("says what is wrong, and with which exit code", () => {
    expect(run("nowhere")).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("no such file or folder") });
    expect(run("c.safetensors")).toMatchObject({ exitCode: 65, stderr: expect.stringContaining("[N, 3] is wanted") });
    expect(run("run", "--only", "stl")).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("one of png, ply, glb, tif") });
  });
});
