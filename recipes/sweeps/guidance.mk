# What guidance and the number of sampling steps do to the scenes of a finished run: `earthcraft eval` for each pair, and a table.
#
#   make -f recipes/sweeps/guidance.mk                                        runs/quickstart, 3 guidances × 3 numbers of steps
#   make -f recipes/sweeps/guidance.mk RUN=runs/mine GUIDANCE="0 3" STEPS=25  others
#   make -f recipes/sweeps/guidance.mk CROPS=all                              all held-out crops
#
# A pair that has been measured is not measured again, unless the models were trained anew: a sweep that was stopped goes on, and a longer
# list adds to it. Name another OUT when you change CROPS.
.DELETE_ON_ERROR:
RUN ?= runs/quickstart
GUIDANCE ?= 0 1 3
STEPS ?= 5 10 25
CROPS ?= 4
METRICS ?= iou3_refined_own_map iou3_refined_other_map iou0_own_map
OUT ?= $(RUN)/by-hand/guidance
EARTHCRAFT ?= $(dir $(lastword $(MAKEFILE_LIST)))../../earthcraft

pairs := $(foreach w,$(GUIDANCE),$(foreach steps,$(STEPS),w$(w)-steps$(steps)))
measured := $(pairs:%=$(OUT)/%/stage.json)
models := $(wildcard $(RUN)/train-*/stage.json)
# w3-steps25 → 3, 25
guidance = $(patsubst w%,%,$(firstword $(subst -, ,$(1))))
steps = $(patsubst steps%,%,$(lastword $(subst -, ,$(1))))

.PHONY: table
table: $(measured)
	@{ printf 'guidance\tsteps'; printf '\t%s' $(METRICS); echo; \
	  $(foreach pair,$(pairs),printf '%s\t%s' $(call guidance,$(pair)) $(call steps,$(pair)); \
	    for metric in $(METRICS); do printf '\t%s' "$$(sed -n "/^  \"metrics\"/,/^  }/s/^ *\"$$metric\": \([-+.0-9e]*\),*$$/\1/p" $(OUT)/$(pair)/stage.json)"; done; echo;) \
	} >$(OUT)/results.tsv
	@cat $(OUT)/results.tsv

$(OUT)/%/stage.json: $(models)
	$(EARTHCRAFT) eval $(RUN) --only chain --crops $(CROPS) --out $(@D) \
	  --set structure.flow.cfg.w=$(call guidance,$*) --set structure.latentFlow.cfg.w=$(call guidance,$*) \
	  --set structure.flow.steps=$(call steps,$*) --set structure.latentFlow.steps=$(call steps,$*) --set texture.flow.steps=$(call steps,$*)
