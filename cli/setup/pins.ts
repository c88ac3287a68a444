/** The versions that are downloaded, and the checksums that pip holds them to. */

export const TORCH_VERSION = "2.11.0";

export interface Wheel {
  requirement: string;
  /** sha256 of the wheel for this machine's architecture. */
  sha256: string;
}

type Architecture = "x64" | "arm64";

interface Pin {
  requirement: string;
  sha256: Record<Architecture, string>;
}

/**
 * libtorch_cpu.so needs two libraries of the CUDA runtime even where there is no GPU (its profiler calls them). The wheel of one Python
 * version serves every Python: only the C++ libraries and headers are used.
 */
const LIBTORCH: Pin[] = [
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

/** The compiler of CUDA with the headers and the one library that it needs; no GPU is needed to compile. */
const NVCC: Pin[] = [
  {
    requirement: "nvidia-cuda-nvcc==13.0.88",
    sha256: {
      x64: "56fe502eb77625a12f25172caa3cdddb4e4c8ba2c8c17dba44b164761b380f03",
      arm64: "c7ff28f86a24effdc6c034fa15230c549a273e4771b10a7fec14996f8cf3307f",
    },
  },
  {
    requirement: "nvidia-cuda-crt==13.0.88",
    sha256: {
      x64: "2c8043c7c9e02492716426e9919fc78d2c5b3b2a7a768a88e952676b08aa55a4",
      arm64: "ee2ea2a97073e02ee62bb27841f437332be2c248e3eac013df07997ada39c003",
    },
  },
  {
    requirement: "nvidia-nvvm==13.0.88",
    sha256: {
      x64: "c5f41ffeb6466944a026dfa5317d7d85355c119bbec279205d22f1869d1054e0",
      arm64: "c4376a291d72d22a315d9d2f69bdae8f8cd83a627f75bad395cee49a0fe65dc1",
    },
  },
  {
    requirement: "nvidia-cuda-cccl==13.0.85",
    sha256: {
      x64: "e0da7ad981f3a8aff08241b5bfc1af868742a63e2762f53a5171c492ef242649",
      arm64: "6f0203e29fed809ee2b7fe9b1344df66ecab990c37d6a2e0e189b26d6c97ed7c",
    },
  },
  {
    requirement: "nvidia-cuda-runtime==13.0.96",
    sha256: {
      x64: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
      arm64: "ef9bcbe90493a2b9d810e43d249adb3d02e98dd30200d86607d8d02687c43f55",
    },
  },
];

/** What libtorch_cuda.so stands on, and a processor's libtorch does without. */
const CUDA_LIBRARIES: Pin[] = [
  {
    requirement: "nvidia-cublas==13.1.0.3",
    sha256: {
      x64: "ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171",
      arm64: "c86fc7f7ae36d7528288c5d88098edcb7b02c633d262e7ddbb86b0ad91be5df2",
    },
  },
  {
    requirement: "nvidia-cudnn-cu13==9.19.0.56",
    sha256: {
      x64: "d20e1734305e9d68889a96e3f35094d733ff1f83932ebe462753973e53a572bf",
      arm64: "6ed29ffaee1176c612daf442e4dd6cfeb6a0caa43ddcbeb59da94953030b1be4",
    },
  },
  {
    requirement: "nvidia-cufft==12.0.0.61",
    sha256: {
      x64: "6c44f692dce8fd5ffd3e3df134b6cdb9c2f72d99cf40b62c32dde45eea9ddad3",
      arm64: "2708c852ef8cd89d1d2068bdbece0aa188813a0c934db3779b9b1faa8442e5f5",
    },
  },
  {
    requirement: "nvidia-cufile==1.15.1.6",
    sha256: {
      x64: "08a3ecefae5a01c7f5117351c64f17c7c62efa5fffdbe24fc7d298da19cd0b44",
      arm64: "bdc0deedc61f548bddf7733bdc216456c2fdb101d020e1ab4b88d232d5e2f6d1",
    },
  },
  {
    requirement: "nvidia-curand==10.4.0.35",
    sha256: {
      x64: "1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc",
      arm64: "133df5a7509c3e292aaa2b477afd0194f06ce4ea24d714d616ff36439cee349a",
    },
  },
  {
    requirement: "nvidia-cusolver==12.0.4.66",
    sha256: {
      x64: "0a759da5dea5c0ea10fd307de75cdeb59e7ea4fcb8add0924859b944babf1112",
      arm64: "02c2457eaa9e39de20f880f4bd8820e6a1cfb9f9a34f820eb12a155aa5bc92d2",
    },
  },
  {
    requirement: "nvidia-cusparse==12.6.3.3",
    sha256: {
      x64: "2b3c89c88d01ee0e477cb7f82ef60a11a4bcd57b6b87c33f789350b59759360b",
      arm64: "80bcc4662f23f1054ee334a15c72b8940402975e0eab63178fc7e670aa59472c",
    },
  },
  {
    requirement: "nvidia-cusparselt-cu13==0.8.0",
    sha256: {
      x64: "25e30a8a7323935d4ad0340b95a0b69926eee755767e8e0b1cf8dd85b197d3fd",
      arm64: "400c6ed1cf6780fc6efedd64ec9f1345871767e6a1a0a552a1ea0578117ea77c",
    },
  },
  {
    requirement: "nvidia-nccl-cu13==2.28.9",
    sha256: {
      x64: "e4553a30f34195f3fa1da02a6da3d6337d28f2003943aa0a3d247bbc25fefc42",
      arm64: "01c873ba1626b54caa12272ed228dc5b2781545e0ae8ba3f432a8ef1c6d78643",
    },
  },
  {
    requirement: "nvidia-nvjitlink==13.0.88",
    sha256: {
      x64: "13a74f429e23b921c1109976abefacc69835f2f433ebd323d3946e11d804e47b",
      arm64: "e931536ccc7d467a98ba1d8b89ff7fa7f1fa3b13f2b0069118cd7f47bff07d0c",
    },
  },
  {
    requirement: "nvidia-nvshmem-cu13==3.4.5",
    sha256: {
      x64: "290f0a2ee94c9f3687a02502f3b9299a9f9fe826e6d0287ee18482e78d495b80",
      arm64: "6dc2a197f38e5d0376ad52cd1a2a3617d3cdc150fd5966f4aee9bcebb1d68fe9",
    },
  },
  {
    requirement: "nvidia-cuda-nvrtc==13.0.88",
    sha256: {
      x64: "ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575",
      arm64: "d27f20a0ca67a4bb34268a5e951033496c5b74870b868bacd046b1b8e0c3267b",
    },
  },
];

/** What the three wheels take: to download, and unpacked beside the download while they are installed. */
export const LIBTORCH_DOWNLOAD_MB = 545;
export const LIBTORCH_DISK_MB = 1900;

/** The tags that pip is asked for, whatever Python runs it. */
export const WHEEL_TAGS = { python: "3.12", abis: ["cp312", "none"], glibc: ["2_28", "2_27", "2_25", "2_17"] };

/** What nvcc's wheels take to download, and the libraries of a GPU. */
export const NVCC_DOWNLOAD_MB = 105;
export const CUDA_LIBRARIES_DOWNLOAD_MB = 1900;
export const CUDA_LIBRARIES_DISK_MB = 5000;

/** @returns undefined where no wheel exists for this architecture */
function pinned(pins: readonly Pin[], architecture: string): Wheel[] | undefined {
  if (architecture !== "x64" && architecture !== "arm64") return undefined;
  return pins.map(({ requirement, sha256 }) => ({ requirement, sha256: sha256[architecture] }));
}

export const libtorchWheels = (architecture: string = process.arch) => pinned(LIBTORCH, architecture);
export const nvccWheels = (architecture: string = process.arch) => pinned(NVCC, architecture);
export const cudaLibraryWheels = (architecture: string = process.arch) => pinned(CUDA_LIBRARIES, architecture);
