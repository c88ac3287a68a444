"""What osmium reads from an OSM file: python osm.py FILE -> {nodes: [[id, lon, lat, tags]], ways: [[id, refs, tags]], areas: [[outer rings, inner rings] of multipolygons]}"""
import json
import sys

import osmium

nodes, ways, areas = [], [], []


class Collect(osmium.SimpleHandler):
    def node(self, n):
        nodes.append([n.id, n.location.x / 1e7, n.location.y / 1e7, {t.k: t.v for t in n.tags}])

    def way(self, w):
        ways.append([w.id, [n.ref for n in w.nodes], {t.k: t.v for t in w.tags}])

    def area(self, a):
        if not a.from_way():
            areas.append(list(a.num_rings()))


Collect().apply_file(sys.argv[1], locations=True)
print(json.dumps({"nodes": nodes, "ways": ways, "areas": areas}))
