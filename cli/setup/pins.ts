/** The versions that are downloaded, and the checksums that pip holds them to. */

export const TORCH_VERSION = "2.11.0";

export interface Wheel {
  requirement: string;
  /** sha256 of the wheel for this machine's architecture. */
  sha256: string;
}

type Architecture = "x64" | "arm64";

/**
 * libtorch_cpu.so needs two libraries of the CUDA runtime even where there is no GPU (its profiler calls them). The wheel of one Python
 * version serves every Python: only the C++ libraries and headers are used.
 */
const WHEELS: { requirement: string; sha256: Record<Architecture, string> }[] = [
  {
    requirement: `torch==${TORCH_VERSION}`,
    sha256: {
      x64: "0f68f4ac6d95d12e896c3b7a912b5871619542ec54d3649cf48cc1edd4dd2756",
      arm64: "f99924682ef0aa6a4ab3b1b76f40dc6e273fca09f367d15a524266db100a723f",
    },
  },
  {
    requirement: "nvidia-cuda-runtime==13.0.96",
    sha256: {
      x64: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
      arm64: "ef9bcbe90493a2b9d810e43d249adb3d02e98dd30200d86607d8d02687c43f55",
    },
  },
  {
    requirement: "nvidia-cuda-cupti==13.0.85",
    sha256: {
      x64: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
      arm64: "796bd679890ee55fb14a94629b698b6db54bcfd833d391d5e94017dd9d7d3151",
    },
  },
];

/** What the three wheels take: to download, and unpacked beside the download while they are installed. */
export const LIBTORCH_DOWNLOAD_MB = 545;
export const LIBTORCH_DISK_MB = 1900;

/** The tags that pip is asked for, whatever Python runs it. */
export const WHEEL_TAGS = { python: "3.12", abis: ["cp312", "none"], glibc: ["2_28", "2_27", "2_25", "2_17"] };

/** @returns undefined where no wheel exists for this architecture */
export function libtorchWheels(architecture: string = process.arch): Wheel[] | undefined {
  if (architecture !== "x64" && architecture !== "arm64") return undefined;
  return WHEELS.map(({ requirement, sha256 }) => ({ requirement, sha256: sha256[architecture] }));
}
