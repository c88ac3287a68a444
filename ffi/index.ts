/** The tensor library: reads like PyTorch. */
export { Arena } from "./arena";
export { autocast, autocastType } from "./autocast";
export { enableGrad, grad, noGrad } from "./autograd";
export { checkpoint, pauseRecording } from "./checkpoint";
export {
  type DeviceMemory,
  deviceCount,
  deviceInUse,
  deviceMemory,
  deviceName,
  deviceType,
  emptyDeviceCache,
  onDevice,
  resetPeakDeviceMemory,
  synchronize,
  useDevice,
} from "./device";
export {
  allReduce,
  averageGradients,
  barrier,
  broadcast,
  broadcastParameters,
  type GroupOptions,
  groupFromEnvironment,
  initDistributed,
  rank,
  shutdownDistributed,
  worldSize,
} from "./distributed";
export { type DType, dtypes, type NumericArray } from "./dtype";
export { ArgumentError, type ErrorKind, ShapeError, TensorError } from "./errors";
export { cancelFlag, cancelOnSignals, type MemoryStatistics, memory, nativeLoaded, resetPeakMemory, setThreads, threads, trimMemory } from "./load";
export * from "./nn";
export { ops } from "./ops.gen";
export * from "./optim";
export { normal, type Purpose, purposes, type RandomStream, randint, uniform } from "./random";
export { openSafetensors, SafetensorsError, SafetensorsFile, type StoredArray, type StoredTensor, writeSafetensors } from "./safetensors";
export { type HasTensors, keepWith, scope } from "./scope";
export { type Operand, Tensor, type TensorOptions } from "./tensor";
export { span, startTrace, stopTrace } from "./trace";
export { loadSafetensors, saveSafetensors } from "./weights";
