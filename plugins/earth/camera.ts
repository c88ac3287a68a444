/**
 * Pinhole cameras (DESIGN §4): OpenGL camera-to-world (x right, y up, looking down −z), the centre of pixel (i, j) at (i + 0.5, j + 0.5), row 0 on top.
 */
import { cross, diagonal, invertRigid, type Mat4, multiply, normalize, sub, transformPoint, type Vec3 } from "./vector";

export interface Camera {
  /** Row-major OpenGL camera-to-world, metres. */
  c2w: Mat4;
  /** Focal lengths and principal point in pixels. */
  fx: number;
  fy: number;
  cx: number;
  cy: number;
  width: number;
  height: number;
}

const FLIP_YZ = diagonal(1, -1, -1);

/** Square pixels and the principal point in the middle, from the full vertical angle of view. */
export function intrinsicsFromFov(
  fovVertical_rad: number,
  width: number,
  height: number,
): Pick<Camera, "fx" | "fy" | "cx" | "cy" | "width" | "height"> {
  const f = height / 2 / Math.tan(fovVertical_rad / 2);
  return { fx: f, fy: f, cx: width / 2, cy: height / 2, width, height };
}

/** OpenGL camera-to-world of a camera at `eye` that looks at `target`. Straight down, where `up` gives no direction, the top of the picture is north. */
export function lookAt(eye: Vec3, target: Vec3, up: Vec3 = [0, 0, 1]): Mat4 {
  const back = normalize(sub(eye, target));
  let side = cross(up, back);
  if (Math.hypot(...side) < 1e-9) side = cross([0, 1, 0], back);
  const right = normalize(side);
  const top = cross(back, right);
  return [right[0], top[0], back[0], eye[0], right[1], top[1], back[1], eye[1], right[2], top[2], back[2], eye[2], 0, 0, 0, 1];
}

/** The OpenCV world-to-camera matrix that rasterisers take: inv(c2w · diag(1, −1, −1, 1)). */
export function opencvWorldToCamera(c2w: Mat4): Mat4 {
  return invertRigid(multiply(c2w, FLIP_YZ));
}

/** The OpenGL camera-to-world matrix of an OpenCV world-to-camera matrix. */
export function openglFromOpencv(worldToCamera: Mat4): Mat4 {
  return multiply(invertRigid(worldToCamera), FLIP_YZ);
}

/** Where a world point falls: pixel coordinates and z-depth in metres (behind the camera when ≤ 0: then x and y mean nothing). */
export function project(camera: Camera, point: Vec3): { x: number; y: number; depth: number } {
  const [x, y, z] = transformPoint(opencvWorldToCamera(camera.c2w), point);
  return { x: (camera.fx * x) / z + camera.cx, y: (camera.fy * y) / z + camera.cy, depth: z };
}

/** The world point seen at pixel coordinates (x, y) with the given z-depth in metres. */
export function unproject(camera: Camera, x: number, y: number, depth: number): Vec3 {
  return transformPoint(camera.c2w, [((x - camera.cx) / camera.fx) * depth, (-(y - camera.cy) / camera.fy) * depth, -depth]);
}

/**
 * The camera of a scene mirrored east–west about the plane x = `centre_m`, whose picture is the mirrored picture: c2w′ = M · c2w · diag(−1, 1, 1, 1), cx′ = W − cx. Normals' x and the left and right of cross-RGB
 * are the caller's to swap.
 */
export function flipHorizontally(camera: Camera, centre_m: number): Camera {
  const mirror: Mat4 = [-1, 0, 0, 2 * centre_m, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  return { ...camera, c2w: multiply(multiply(mirror, camera.c2w), diagonal(-1, 1, 1)), cx: camera.width - camera.cx };
}
