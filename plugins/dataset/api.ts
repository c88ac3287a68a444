/** What the other plugins may import of `dataset`. */
export { classColours, depthGrey, heightGrey, normalColours, sheet } from "./capture/pictures";
export { dct } from "./features/dct";
export { FEATURE_CHANNELS, type FeatureExtractor, imageFeatures, mirrorChannels, VOXEL_CHANNELS } from "./features/extractor";
export { extractorOf } from "./features/extractors";
export { mapFeatures, type PatchFeatures, pictureFeatures } from "./features/picture";
export { type Dataset, type DatasetOptions, openDataset, type Sample, type SiteViews } from "./sample-format/dataset";
export { SPLIT_FILE, type SplitIndex, type SplitName, splitSchema } from "./sample-format/index-file";
export { SAMPLE_VERSION, type SampleRecord, sampleSchema } from "./sample-format/sample";
