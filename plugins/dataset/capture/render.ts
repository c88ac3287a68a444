/**
 * Renders a scene's mesh from its planned cameras: colour under sun and sky, z-depth, world normals, classes. What a photograph of the place would have given, from data that may be shared.
 */
import { ops, scope, Tensor } from "../../../ffi";
import { type Camera, opencvWorldToCamera, type Vec3 } from "../../earth/api";
import { type LightOptions, ShadowMap, sunDirection } from "./light";

/** What lies nearer to a camera is not drawn. */
export const NEAREST_M = 1;
/** What the sky looks like, [0, 1]. */
const SKY = [0.62, 0.76, 0.92] as const;

/** A scene's mesh as tensors. */
export interface RenderMesh {
  /** float32 [V, 3], ENU metres. */
  vertices: Tensor;
  /** int32 [F, 3], counter-clockwise from outside. */
  faces: Tensor;
  /** uint8 [F], Table 13 ids. */
  faceClass: Tensor;
  /** float32 [V, 3] or [F, 3] in [0, 1]: the surface's own colour, unlit. */
  color: { of: "vertex" | "face"; rgb: Tensor };
}

export interface Views {
  /** uint8 [M, H, W, 3]. */
  rgb: Tensor;
  /** float32 [M, H, W], z-depth in metres, 0 = nothing. */
  depth: Tensor;
  /** int8 [M, H, W, 3], world ENU · 127, 0 = nothing. */
  normal: Tensor;
  /** uint8 [M, H, W], 0 = nothing or unlabelled. */
  semantic: Tensor;
}

/** OpenCV world-to-camera float32 [M, 4, 4] and intrinsics [M, 3, 3] as the rasterisers take them; `zoom` renders the same picture with more pixels. */
export function rasterCameras(cameras: readonly Camera[], zoom = 1): { viewmats: Tensor; Ks: Tensor } {
  return {
    viewmats: Tensor.from(
      cameras.flatMap((camera) => [...opencvWorldToCamera(camera.c2w)]),
      [cameras.length, 4, 4],
      { dtype: "f32" },
    ),
    Ks: Tensor.from(
      cameras.flatMap(({ fx, fy, cx, cy }) => [fx * zoom, 0, cx * zoom, 0, fy * zoom, cy * zoom, 0, 0, 1]),
      [cameras.length, 3, 3],
      { dtype: "f32" },
    ),
  };
}

/** Unit normals of the faces, float32 [F, 3]; a face without area has none: (0, 0, 0). */
export function faceNormals(vertices_V3: Tensor, faces_F3: Tensor): Tensor {
  return scope(() => {
    const corner = (k: number) => vertices_V3.indexSelect(0, faces_F3.select(1, k).to("i64"));
    const [a, b, c] = [corner(0), corner(1), corner(2)];
    const [p, q] = [b.sub(a), c.sub(a)];
    const turn = (t: Tensor, by: number) => ops.aten.roll(t, [-by], [1]);
    const normal = turn(p, 1)
      .mul(turn(q, 2))
      .sub(turn(p, 2).mul(turn(q, 1)));
    return normal.div(ops.aten.linalgVectorNorm(normal, 2, [1], true).clamp(1e-12));
  });
}

export class SceneRenderer {
  private readonly normals_F3: Tensor;
  private readonly shadow: ShadowMap | undefined;
  private readonly toSun: Vec3;

  constructor(
    private readonly mesh: RenderMesh,
    private readonly light: LightOptions,
  ) {
    this.toSun = sunDirection(light);
    this.normals_F3 = faceNormals(mesh.vertices, mesh.faces);
    this.shadow = light.shadow_m > 0 ? scope(() => ShadowMap.cast(mesh.vertices, mesh.faces, this.toSun, light.shadow_m)) : undefined;
  }

  /**
   * @param cameras all of one size
   * @param supersample colour is the mean of this many samples squared a pixel; depth, normal and class are those of the pixel's centre
   */
  render(cameras: readonly Camera[], supersample: number): Views {
    return scope(() => {
      const { width, height } = cameras[0]!;
      const centres = this.visible(cameras, 1);
      const { face, depth } = centres;
      const none = face.lt(0);
      const faces_P = face.clamp(0).to("i64").flatten();
      const views = cameras.length;
      const normal = ops.aten.maskedFill(this.normals_F3.indexSelect(0, faces_P).view([views, height, width, 3]), none.unsqueeze(-1), 0);
      const semantic = ops.aten.maskedFill(this.mesh.faceClass.indexSelect(0, faces_P).view([views, height, width]), none, 0);
      return {
        rgb: this.colour(cameras, supersample, centres),
        depth,
        normal: normal.mul(127).round().to("i8"),
        semantic,
      };
    });
  }

  private visible(cameras: readonly Camera[], zoom: number): { face: Tensor; barycentrics: Tensor; depth: Tensor } {
    const { viewmats, Ks } = rasterCameras(cameras, zoom);
    const { width, height } = cameras[0]!;
    const [face, barycentrics, depth] = ops.earthcraft.meshRaster(
      this.mesh.vertices,
      this.mesh.faces,
      viewmats,
      Ks,
      width * zoom,
      height * zoom,
      NEAREST_M,
    );
    return { face, barycentrics, depth };
  }

  /** uint8 [M, H, W, 3]; a view at a time, or the samples of a large picture would not fit in memory. */
  private colour(cameras: readonly Camera[], supersample: number, centres: { face: Tensor; barycentrics: Tensor }): Tensor {
    const pictures = cameras.map((camera, i) =>
      scope(() => {
        const { face, barycentrics } =
          supersample === 1
            ? { face: centres.face.select(0, i), barycentrics: centres.barycentrics.select(0, i) }
            : this.visible([camera], supersample);
        const lit_P3 = this.shade(face.flatten(), barycentrics.view([-1, 3]));
        const picture = lit_P3.view([1, camera.height * supersample, camera.width * supersample, 3]).permute([0, 3, 1, 2]);
        const mean = ops.aten.avgPool2d(picture, [supersample, supersample]).permute([0, 2, 3, 1]);
        return mean.clamp(0, 1).mul(255).round().to("u8");
      }),
    );
    return ops.aten.cat(pictures, 0);
  }

  private shade(face_P: Tensor, barycentrics_P3: Tensor): Tensor {
    const { vertices, faces, color } = this.mesh;
    const none = face_P.lt(0).unsqueeze(-1);
    const index_P = face_P.clamp(0).to("i64");
    const interpolate = (of_V3: Tensor) => ops.earthcraft.meshInterpolate(face_P, barycentrics_P3, faces, of_V3);
    const own = color.of === "vertex" ? interpolate(color.rgb) : color.rgb.indexSelect(0, index_P);
    const normal = this.normals_F3.indexSelect(0, index_P);
    const up = normal.select(1, 2).unsqueeze(-1);
    const sky = up.mul(0.25).add(0.75).mul(this.light.ambient);
    const facing = normal.matmul(Tensor.from([...this.toSun], [3, 1], { dtype: "f32" })).clamp(0);
    const reached = this.shadow ? facing.mul(this.shadow.lit(interpolate(vertices)).unsqueeze(-1)) : facing;
    const lit = own.mul(sky.add(reached.mul(this.light.sun)));
    return ops.aten.where(none, Tensor.from([...SKY], [1, 3], { dtype: "f32" }), lit);
  }
}
