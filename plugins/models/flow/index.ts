export { besideSettled, type Inpainting, inpainting, inputChannels, type Settled, withHints } from "./inpainting";
export { conditionalWeight, type Guidance, type GuidanceConvention, type IntegrateOptions, integrate, type Known, type Velocity } from "./integrate";
export { type FlowPair, pair, pointOnPath, SIGMA_MIN } from "./pair";
export { LEVELS, logitNormalTime, samplingTimes, shiftTime, trainingTime } from "./time";
