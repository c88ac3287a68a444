"""The peers of meshes.ts: VTK, scikit-image, Open3D with Embree, scipy, pymeshfix, and the paper's Listing 1 in torch.

A line of JSON on stdin is a task, {"task": name, ...}; the answer is one on stdout, {"ms": ..., ...}. Arrays come as files of raw numbers.
"""

import json
import sys
import time

import numpy as np

kept = {}  # what a peer may prepare once: not timed


def array(task: dict, name: str, dtype: str, *shape: int) -> np.ndarray:
    path = task["folder"] + "/" + name
    if path not in kept:
        kept[path] = np.fromfile(path, dtype).reshape(shape)
    return kept[path]


def timed(run):
    begin = time.perf_counter()
    result = run()
    return (time.perf_counter() - begin) * 1e3, result


def farthest(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.spatial import cKDTree

    return float(max(cKDTree(a).query(b)[0].max(), cKDTree(b).query(a)[0].max()))


def volume_of(task: dict) -> np.ndarray:
    return array(task, task["volume"], "<f4", *task["shape"])


def flying_edges(task: dict) -> dict:
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

    vtk.vtkSMPTools.SetBackend("STDThread")
    vtk.vtkSMPTools.Initialize(task["threads"])
    volume = volume_of(task)
    image = vtk.vtkImageData()
    image.SetDimensions(*volume.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(volume.ravel()))
    filter_ = vtk.vtkFlyingEdges3D()
    filter_.SetInputData(image)
    filter_.SetValue(0, task["level"])
    filter_.ComputeNormalsOff()
    filter_.ComputeGradientsOff()
    filter_.ComputeScalarsOff()
    ms, _ = timed(filter_.Update)
    mesh = filter_.GetOutput()
    vertices = vtk_to_numpy(mesh.GetPoints().GetData())[:, ::-1]
    answer = {"ms": ms, "vertices": len(vertices), "faces": mesh.GetNumberOfPolys()}
    if "check" in task:
        answer["error"] = farthest(vertices, np.fromfile(task["folder"] + "/" + task["check"], "<f4").reshape(-1, 3))
    return answer


def lewiner(task: dict) -> dict:
    from skimage.measure import marching_cubes

    ms, (vertices, faces, _, _) = timed(lambda: marching_cubes(volume_of(task), task["level"]))
    answer = {"ms": ms, "vertices": len(vertices), "faces": len(faces)}
    if "check" in task:
        answer["error"] = farthest(vertices, np.fromfile(task["folder"] + "/" + task["check"], "<f4").reshape(-1, 3))
    return answer


def mesh_of(task: dict) -> tuple[np.ndarray, np.ndarray]:
    return array(task, task["vertices"], "<f4", -1, 3), array(task, task["faces"], "<i4", -1, 3)


def embree(task: dict) -> dict:
    import open3d as o3d

    vertices, faces = mesh_of(task)
    width, height = task["size"]
    viewmats, Ks = array(task, task["viewmats"], "<f8", -1, 4, 4), array(task, task["Ks"], "<f8", -1, 3, 3)
    rays = [o3d.t.geometry.RaycastingScene.create_rays_pinhole(o3d.core.Tensor(K), o3d.core.Tensor(m), width, height) for m, K in zip(viewmats, Ks)]

    def run():
        scene = o3d.t.geometry.RaycastingScene(nthreads=task["threads"])
        scene.add_triangles(o3d.core.Tensor(vertices), o3d.core.Tensor(faces.astype(np.uint32)))
        counts = np.zeros(len(faces), np.int32)
        hits = []
        for ray in rays:
            hit = scene.cast_rays(ray, nthreads=task["threads"])["primitive_ids"].numpy()
            seen = np.zeros(len(faces) + 1, bool)
            seen[np.minimum(hit, len(faces))] = True
            counts += seen[:-1]
            hits.append(hit)
        return counts, hits

    ms, (counts, hits) = timed(run)
    answer = {"ms": ms}
    if "check" in task:
        pixels = np.fromfile(task["folder"] + "/" + task["pixels"], "<i4").reshape(len(rays), height, width)
        theirs = np.stack([np.where(hit == 0xFFFFFFFF, -1, hit.astype(np.int64)) for hit in hits])
        answer["error"] = float((pixels != theirs).mean())
        ours = np.fromfile(task["folder"] + "/" + task["check"], "<i4")
        answer["counts"] = float((ours != counts).mean())
    return answer


def forget(task: dict) -> dict:
    kept.clear()
    return {"ms": 0}


TASKS = {run.__name__: run for run in (flying_edges, lewiner, embree, forget)}

if __name__ == "__main__":
    for line in sys.stdin:
        task = json.loads(line)
        print(json.dumps(TASKS[task["task"]](task)), flush=True)
