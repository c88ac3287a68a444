"""The peers of ../meshes.ts: VTK, scikit-image, Open3D with Embree, scipy, pymeshfix, and the paper's Listing 1 in torch.

A line of JSON on stdin is a task, {"task": name, ...}; the answer is one on stdout, {"ms": ..., ...}. Arrays come as files of raw numbers.
"""

import json
import os
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


def listing(task: dict) -> dict:
    """The paper's Listing 1: every pixel copied to the three vertices of its face."""
    import torch

    torch.set_num_threads(task["threads"])
    functional = torch.nn.functional
    (width, height), classes, focal = task["size"], task["classes"], task["focal"]
    vertices, faces = (torch.from_numpy(a) for a in mesh_of(task))
    viewmats = torch.from_numpy(array(task, task["viewmats"], "<f8", -1, 4, 4)).float()
    face = torch.from_numpy(array(task, task["face"], "<i4", -1, height, width))
    depth = torch.from_numpy(array(task, task["depth"], "<f4", -1, height, width))
    labels = torch.from_numpy(array(task, task["labels"], "u1", -1, height, width))
    corner = vertices[faces.long()]
    normals = functional.normalize(torch.linalg.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), dim=-1)
    one_hot = {}  # made before, as a network's scores are
    timed_views = min(task["views"], 6)
    for v in range(timed_views):
        one_hot[v] = functional.one_hot(labels[v].long(), classes).float()

    def draw(sums, weights, v, features) -> None:
        mask = face[v] > -1
        hit = face[v][mask].long()
        row, column = mask.nonzero(as_tuple=True)
        local = torch.stack([(column + 0.5 - width / 2) / focal, (row + 0.5 - height / 2) / focal, torch.ones(len(row))], 1)
        towards = functional.normalize(local @ viewmats[v, :3, :3], dim=-1)
        score = (towards * normals[hit]).sum(1).abs() ** 3 * (1 - depth[v][mask].div(300).clamp(0, 2) / 2).clamp(0, 1) ** 3
        score = score.view(-1, 1, 1).repeat(1, 3, 1).view(-1, 1)
        at = faces[hit].long().flatten()
        sums.index_add_(0, at, features[mask].unsqueeze(1).repeat(1, 3, 1).view(-1, classes) * score)
        weights.index_add_(0, at, score)

    def run(views, features_of):
        sums, weights = torch.zeros(len(vertices), classes), torch.zeros(len(vertices), 1)
        for v in range(views):
            draw(sums, weights, v, features_of(v))
        return sums

    ms, _ = timed(lambda: run(timed_views, one_hot.get))
    answer = {"ms": ms * task["views"] / timed_views}  # 72 views of features are 1.7 GB: some are timed
    if "check" in task:
        ours = torch.from_numpy(np.fromfile(task["folder"] + "/" + task["check"], "<f4").reshape(-1, classes))
        theirs = run(task["views"], lambda v: functional.one_hot(labels[v].long(), classes).float())
        answer["error"] = ((ours - theirs).abs().max() / theirs.abs().max()).item()
    return answer


def pieces(task: dict) -> dict:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    vertices, faces = mesh_of(task)

    def run():
        a, b = faces[:, :2].ravel(), faces[:, 1:].ravel()
        graph = coo_matrix((np.ones(len(a), np.bool_), (a, b)), shape=(len(vertices),) * 2).tocsr()
        return connected_components(graph, directed=False)[1][faces[:, 0]]

    ms, labels = timed(run)
    answer = {"ms": ms}
    if "check" in task:
        ours = np.fromfile(task["folder"] + "/" + task["check"], "<i4")
        pairs = len(np.unique(ours.astype(np.int64) * (labels.max() + 1) + labels))
        answer["error"] = float(abs(pairs - len(np.unique(labels))) + abs(pairs - len(np.unique(ours))))
    return answer


def open_edges(faces: np.ndarray) -> int:
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1).astype(np.int64)
    return int((np.unique(edges[:, 0] << 32 | edges[:, 1], return_counts=True)[1] == 1).sum())


def area(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, k]].astype(np.float64) for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def holes(task: dict) -> dict:
    from pymeshfix import PyTMesh

    vertices, faces = mesh_of(task)
    fixing = PyTMesh()
    fixing.set_quiet(True)
    fixing.load_array(vertices.astype(np.float64), faces)
    ms, _ = timed(lambda: fixing.fill_small_boundaries(task["edges"], False))
    answer = {"ms": ms}
    if "check" in task:
        their_vertices, their_faces = fixing.return_arrays()
        ours = [np.fromfile(task["folder"] + "/" + name, kind).reshape(-1, 3) for name, kind in zip(task["check"], ("<f4", "<i4"))]
        print("open edges before, ours, theirs:", open_edges(faces), open_edges(ours[1]), open_edges(their_faces), file=sys.stderr)
        answer["error"] = abs(area(*ours) / area(their_vertices, their_faces) - 1)
    return answer


def forget(task: dict) -> dict:
    kept.clear()
    return {"ms": 0}


TASKS = {run.__name__: run for run in (flying_edges, lewiner, embree, listing, pieces, holes, forget)}

if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print
    for line in sys.stdin:
        task = json.loads(line)
        print(json.dumps(TASKS[task["task"]](task)), file=answers, flush=True)
