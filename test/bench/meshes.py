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


def forget(task: dict) -> dict:
    kept.clear()
    return {"ms": 0}


TASKS = {run.__name__: run for run in (flying_edges, lewiner, forget)}

if __name__ == "__main__":
    for line in sys.stdin:
        task = json.loads(line)
        print(json.dumps(TASKS[task["task"]](task)), flush=True)
