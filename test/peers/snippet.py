"""Runs a piece of Python (a JSON string on stdin) in a folder, as a reader of the documents would, and prints what it printed."""
import contextlib
import io
import json
import os
import sys

code = json.load(sys.stdin)
os.chdir(sys.argv[1])
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    exec(compile(code, "<document>", "exec"), {})
print(json.dumps(printed.getvalue()))
