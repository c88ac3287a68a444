import { afterAll, expect, test } from "bun:test";
import { setThreads, threads } from "../../../ffi";
import { intrinsicsFromFov, lookAt, type Vec3 } from "../../earth/api";
import { aggregateViews } from "../annotate/aggregate";
import { dct } from "../features/dct";
import { letterF, letterFTensors } from "./letter-f.fixture";
import { SceneRenderer } from "./render";

const before = threads();
afterAll(() => setThreads(before));

test("views and annotated vertices have the same bits at one and at two threads", () => {
  const camera = (eye: Vec3) => ({ c2w: lookAt(eye, [0, 0, 0]), ...intrinsicsFromFov(0.8, 96, 64) });
  const cameras = [camera([0, 0, 500]), camera([250, -300, 180]), camera([-300, 100, 220])];
  const mesh = letterFTensors(letterF());
  const bytes = (count: number) => {
    setThreads(count);
    const views = new SceneRenderer(mesh, { azimuth_deg: 150, elevation_deg: 50, ambient: 0.5, sun: 0.65, shadow_m: 1 }).render(cameras, 2);
    const vertices = aggregateViews(mesh, cameras, views, dct, { far_m: 600, exponent_view: 3, exponent_depth: 3 });
    return [views.rgb, views.depth, views.normal, views.semantic, vertices.feats, vertices.semantic, vertices.seen].map((t) =>
      Bun.hash(t.toBytes()).toString(16),
    );
  };
  expect(bytes(2)).toEqual(bytes(1));
}, 30_000);
