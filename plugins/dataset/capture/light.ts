/** Sun and sky on a scene's own colours: which direction the light comes from and which points of the scene it reaches. */
import { ops, scope, type Tensor } from "../../../ffi";
import type { Vec3 } from "../../earth/api";
import { type ParallelView, parallelView } from "./parallel-view";

export interface LightOptions {
  /** Clockwise from north, where the sun stands. */
  azimuth_deg: number;
  elevation_deg: number;
  /** Light from the whole sky on a level surface, as a share of its colour. */
  ambient: number;
  /** Light from the sun on a surface that faces it. */
  sun: number;
  /** Edge of a texel of the shadow map; 0 = no shadows. */
  shadow_m: number;
}

/** Unit vector from the ground to the sun, ENU. */
export function sunDirection({ azimuth_deg, elevation_deg }: Pick<LightOptions, "azimuth_deg" | "elevation_deg">): Vec3 {
  const [azimuth, elevation] = [(azimuth_deg * Math.PI) / 180, (elevation_deg * Math.PI) / 180];
  return [Math.sin(azimuth) * Math.cos(elevation), Math.cos(azimuth) * Math.cos(elevation), Math.sin(elevation)];
}

export class ShadowMap {
  private constructor(
    private readonly view: ParallelView,
    /** [height · width]; what nothing covers is at +∞. */
    private readonly away_P: Tensor,
  ) {}

  /**
   * @param vertices_V3 float32, ENU metres
   * @param faces_F3 int32
   */
  static cast(vertices_V3: Tensor, faces_F3: Tensor, toSun: Vec3, texel_m: number): ShadowMap {
    return scope(() => {
      const view = parallelView(vertices_V3, faces_F3, toSun, texel_m);
      return new ShadowMap(view, ops.aten.maskedFill(view.away, view.face.lt(0), Number.POSITIVE_INFINITY).flatten());
    });
  }

  tensors(): Tensor[] {
    return [this.view.rotation_33, this.away_P];
  }

  /**
   * Share of the sun that reaches each point, from the four nearest texels.
   *
   * @param points_P3 float32, ENU metres
   * @returns float32 [P] in [0, 1]
   */
  lit(points_P3: Tensor): Tensor {
    const { rotation_33, low, pixel_m, width, height } = this.view;
    return scope(() => {
      const turned_P3 = points_P3.matmul(rotation_33.transpose(0, 1));
      const [u, v] = [0, 1].map((k) =>
        turned_P3
          .select(1, k)
          .sub(low[k as 0 | 1])
          .div(pixel_m)
          .sub(0.5),
      ) as [Tensor, Tensor];
      const away = turned_P3.select(1, 2).sub(1.5 * pixel_m); // a slanted texel must not shade itself
      const [u0, v0] = [u.floor(), v.floor()];
      const [fu, fv] = [u.sub(u0), v.sub(v0)];
      const tap = (du: number, dv: number): Tensor => {
        const texel = v0
          .add(dv)
          .clamp(0, height - 1)
          .to("i64")
          .mul(width)
          .add(
            u0
              .add(du)
              .clamp(0, width - 1)
              .to("i64"),
          );
        return this.away_P.indexSelect(0, texel).gt(away).to("f32");
      };
      const between = (a: Tensor, b: Tensor, share: Tensor) => a.add(b.sub(a).mul(share));
      return between(between(tap(0, 0), tap(1, 0), fu), between(tap(0, 1), tap(1, 1), fu), fv);
    });
  }
}
