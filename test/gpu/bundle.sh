#!/bin/sh
# Packs what the tests in test/gpu need on a machine that has a GPU, python3 with torch, and no network: this tree, its packages, bun, and the two
# native libraries, into build/gpu-bundle/earthcraft.tar.xz. There:
#
#     mkdir /tmp/e && python3 -m tarfile -e build/gpu-bundle/earthcraft.tar.xz /tmp/e && /tmp/e/test/gpu/run.sh && /tmp/e/test/gpu/train.sh OUT
#
# EARTHCRAFT_NATIVE names a libearthcraft.so with libearthcraft_cuda.so beside it; without it the ones that `earthcraft setup --cuda` built are taken.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
out=$root/build/gpu-bundle
tree=$out/tree
library=${EARTHCRAFT_NATIVE:-$(./earthcraft bun -e 'import { nativePath } from "./cli/setup/native-path"; console.log(nativePath() ?? "")')}
folder=$(dirname "$library")
for name in libearthcraft.so libearthcraft_cuda.so; do
  [ -f "$folder/$name" ] || { echo "no $name in $folder: run ./earthcraft setup --cuda" >&2; exit 1; }
done

rm -rf "$out"
mkdir -p "$tree/bin" "$tree/lib"
git ls-files --cached --others --exclude-standard | while read -r file; do [ -f "$file" ] && echo "$file"; done | tar -cf - -T - | tar -xf - -C "$tree"
# Packages for development (linters, compilers) stay here.
tar -cf - --exclude='node_modules/@biomejs' --exclude='node_modules/@typescript' --exclude='node_modules/typescript' --exclude='node_modules/knip' \
  --exclude='node_modules/bun-types' --exclude='node_modules/@types' --exclude='node_modules/oxc-*' --exclude='node_modules/@oxc-*' \
  --exclude='node_modules/.cache' --exclude='*.map' node_modules | tar -xf - -C "$tree"
cp "$(./earthcraft bun -e 'console.log(process.execPath)')" "$tree/bin/bun"
cp "$folder/libearthcraft.so" "$folder/libearthcraft_cuda.so" "$tree/lib"
strip --strip-debug "$tree"/lib/*.so
chmod +x "$tree"/test/gpu/*.sh "$tree/earthcraft"
tar -C "$tree" -cf - . | nice -n 10 xz -T1 -6 >"$out/earthcraft.tar.xz"
rm -rf "$tree"
bytes=$(wc -c <"$out/earthcraft.tar.xz")
echo "$out/earthcraft.tar.xz: $((bytes / 1000000)) MB"
[ "$bytes" -lt 60000000 ] || { echo "more than the 60 MB that fit through" >&2; exit 1; }
