.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: setup demo test test-faults test-peers test-sanitize fuzz test-gpu gpu-bundle check fmt native cuda clean help bench
earthcraft := ./earthcraft

setup:  ## get bun, packages and libtorch, build the native library
	@$(earthcraft) setup
demo: setup  ## build the sample place, train five small models, generate: 9 to 25 minutes on 2 cores
	@$(earthcraft) run recipes/quickstart.yaml
test:  ## all tests; the last line counts them
	@$(earthcraft) bun test/run.ts
test-faults:  ## kill -9 at 20 steps of a minute's training on 1 and 2 ranks, and in every stage of the quickstart: five minutes to half an hour
	@EARTHCRAFT_FAULTS=full $(earthcraft) bun test --timeout=3600000 ./test/cli/kills.test.ts
test-peers: setup  ## operators in Python's torch beside conv3d, SDPA, gsplat and others; EARTHCRAFT_PEERS names the python
	@$(earthcraft) bun test --timeout=600000 ./test/parity
test-sanitize: setup  ## kernels, and the library under its tests in TypeScript, with the sanitizers of addresses, undefined behaviour and threads
	@for sanitize in address,undefined thread; do EARTHCRAFT_SANITIZE=$$sanitize $(earthcraft) bun test ./test/native-kernels.test.ts || exit 1; done
	@EARTHCRAFT_SANITIZE=address,undefined $(earthcraft) bun test ./test/native-library.test.ts
fuzz: setup  ## changed files, odd arguments and random frames, SECONDS=20 each of some twenty ways; the last takes clang, and minutes to build once
	@EARTHCRAFT_FUZZ_SECONDS=$(or $(SECONDS),20) $(earthcraft) bun test/run.ts test/mutated-files ffi/arguments test/native-fuzz
check:  ## lint, types, dead code
	@$(earthcraft) bun x biome ci . && $(earthcraft) bun x tsc --noEmit && $(earthcraft) bun x knip
fmt:  ## format and fix
	@$(earthcraft) bun x biome check --write .
native: setup  ## build the native library
cuda:  ## build the library for NVIDIA GPUs as well; takes no GPU
	@$(earthcraft) setup --cuda
test-gpu: cuda  ## every operator, the models and training on the GPU beside the CPU
	@$(earthcraft) bun test --timeout=600000 ./test/gpu
gpu-bundle: cuda  ## pack tree, packages, bun and libraries for a machine with a GPU and no network
	@test/gpu/bundle.sh
bench:  ## compare with other programs; DEVICE=cuda: operators and a training step on the GPU, PyTorch beside them
	@$(if $(filter cuda%,$(DEVICE)),test/bench/gpu/run.sh build/bench-gpu --device $(DEVICE),$(earthcraft) bun test/bench/run.ts)
clean:  ## remove runs (downloads and builds lie in the cache folder: ./earthcraft doctor names it)
	rm -rf runs build
help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile
