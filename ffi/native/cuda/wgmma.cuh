// What compute capability 9.0 has for products of matrices: tiles that the tensor cores read straight from shared memory (wgmma), copies that are
// waited for by barriers there, and boxes of a tensor copied by one thread (TMA).
//
// A tile is made of slabs of 64 bf16, 128 bytes a line: its 16-byte chunks are swapped by the line's number (the 128-byte swizzle of PTX), so eight
// lines meet all banks. Slabs begin at multiples of 1024 bytes.
#pragma once

#include <cuda.h>
#include <cuda_bf16.h>

#include <cstdint>

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define EC_SM90 1
#endif

namespace earthcraft::gpu {

constexpr int kSlab = 64;  // bf16 of a line

__host__ __device__ constexpr int swizzled(int line, int chunk) { return line * 128 + ((chunk ^ (line & 7)) << 4); }  // bytes

__device__ inline unsigned shared_address(const void* shared) { return static_cast<unsigned>(__cvta_generic_to_shared(shared)); }

#ifdef EC_SM90

// Where a walk through the stages of shared memory stands.
template <int stages>
struct Pipe {
  int stage = 0;
  unsigned phase = 0;
  __device__ void advance() {
    if (++stage < stages) return;
    stage = 0;
    phase ^= 1;
  }
};

// Barriers in shared memory. A phase ends when all arrivals and bytes that it expects have come; `parity` is that of the phase waited for.
__device__ inline void barrier_init(uint64_t* barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;\n" ::"r"(shared_address(barrier)), "r"(arrivals));
}
__device__ inline void barrier_init_seen() { asm volatile("fence.mbarrier_init.release.cluster;\n" ::: "memory"); }
__device__ inline void barrier_arrive(uint64_t* barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];\n" ::"r"(shared_address(barrier)) : "memory");
}
__device__ inline void barrier_arrive_expecting(uint64_t* barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;\n" ::"r"(shared_address(barrier)), "r"(bytes) : "memory");
}
// Arrives once this thread's copies so far have; the barrier counts the thread as one.
__device__ inline void barrier_arrive_after_copies(uint64_t* barrier) {
  asm volatile("cp.async.mbarrier.arrive.noinc.shared::cta.b64 [%0];\n" ::"r"(shared_address(barrier)) : "memory");
}
__device__ inline void barrier_wait(uint64_t* barrier, unsigned parity) {
  asm volatile(
      "{\n"
      ".reg .pred done;\n"
      "again:\n"
      "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
      "@done bra over;\n"
      "bra again;\n"
      "over:\n"
      "}\n" ::"r"(shared_address(barrier)),
      "r"(parity)
      : "memory");
}

// A box of a tensor of three dimensions, the fastest first; what lies outside is zeros.
__device__ inline void copy_box(void* shared, const CUtensorMap* tensor, int x, int y, int z, uint64_t* barrier) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];\n" ::"r"(shared_address(shared)),
      "l"(tensor), "r"(shared_address(barrier)), "r"(x), "r"(y), "r"(z)
      : "memory");
}

// Makes writes to shared memory that this thread has seen visible to wgmma.
__device__ inline void fence_for_wgmma() { asm volatile("fence.proxy.async.shared::cta;\n" ::: "memory"); }
__device__ inline void wgmma_begin() { asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory"); }
__device__ inline void wgmma_close() { asm volatile("wgmma.commit_group.sync.aligned;\n" ::: "memory"); }
template <int open>
__device__ inline void wgmma_await() {
  asm volatile("wgmma.wait_group.sync.aligned %0;\n" ::"n"(open) : "memory");
}

template <int registers>
__device__ inline void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;\n" ::"n"(registers));
}
template <int registers>
__device__ inline void leave_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;\n" ::"n"(registers));
}

// Where wgmma finds an operand whose lines run along k (`turned` false) or along the rows or columns of the product (`turned` true; slabs of 64 rows
// or columns follow each other at `slab_bytes`).
template <bool turned>
__device__ inline uint64_t operand(const void* tile, int slab_bytes) {
  const uint64_t address = (shared_address(tile) & 0x3FFFF) >> 4, slabs = turned ? slab_bytes >> 4 : 1;
  return address | slabs << 16 | uint64_t{1024 >> 4} << 32 | uint64_t{1} << 62;
}
// Sixteen steps of k further, in what operand() counts.
template <bool turned>
constexpr int kNextSixteen = turned ? 16 * 128 >> 4 : 32 >> 4;

#define EC_DIGITS(ten) "%" ten "0,%" ten "1,%" ten "2,%" ten "3,%" ten "4,%" ten "5,%" ten "6,%" ten "7,%" ten "8,%" ten "9"
#define EC_EIGHT(at) \
  "+f"(c[at]), "+f"(c[at + 1]), "+f"(c[at + 2]), "+f"(c[at + 3]), "+f"(c[at + 4]), "+f"(c[at + 5]), "+f"(c[at + 6]), "+f"(c[at + 7])
#define EC_THIRTYTWO(at) EC_EIGHT(at), EC_EIGHT(at + 8), EC_EIGHT(at + 16), EC_EIGHT(at + 24)
#define EC_WGMMA(columns, registers, a, b, more, turn_a, turn_b, ...)                                                                          \
  asm volatile("{\n.reg .pred add;\nsetp.ne.b32 add, %" more ", 0;\nwgmma.mma_async.sync.aligned.m64n" columns "k16.f32.bf16.bf16 {" registers \
               "}, %" a ", %" b ", add, 1, 1, %" turn_a ", %" turn_b ";\n}\n"                                                                  \
               : __VA_ARGS__                                                                                                                   \
               : "l"(left), "l"(right), "r"(static_cast<int>(add)), "n"(static_cast<int>(turned_a)), "n"(static_cast<int>(turned_b)))

// c [64, columns] (+)= a [64, 16] · b [16, columns] by four warps; thread t holds rows t / 32 * 16 + t % 32 / 4 (and + 8: the upper half of each
// four) and columns 8 i + t % 4 * 2.
template <bool turned_a, bool turned_b>
__device__ inline void multiply(float (&c)[32], uint64_t left, uint64_t right, bool add) {
  EC_WGMMA("64", EC_DIGITS("") "," EC_DIGITS("1") "," EC_DIGITS("2") ",%30,%31", "32", "33", "34", "35", "36", EC_THIRTYTWO(0));
}
template <bool turned_a, bool turned_b>
__device__ inline void multiply(float (&c)[64], uint64_t left, uint64_t right, bool add) {
  EC_WGMMA("128", EC_DIGITS("") "," EC_DIGITS("1") "," EC_DIGITS("2") "," EC_DIGITS("3") "," EC_DIGITS("4") "," EC_DIGITS("5") ",%60,%61,%62,%63",
           "64", "65", "66", "67", "68", EC_THIRTYTWO(0), EC_THIRTYTWO(32));
}
template <bool turned_a, bool turned_b>
__device__ inline void multiply(float (&c)[96], uint64_t left, uint64_t right, bool add) {
  EC_WGMMA("192",
           EC_DIGITS("") "," EC_DIGITS("1") "," EC_DIGITS("2") "," EC_DIGITS("3") "," EC_DIGITS("4") "," EC_DIGITS("5") "," EC_DIGITS(
               "6") "," EC_DIGITS("7") "," EC_DIGITS("8") ",%90,%91,%92,%93,%94,%95",
           "96", "97", "98", "99", "100", EC_THIRTYTWO(0), EC_THIRTYTWO(32), EC_THIRTYTWO(64));
}
template <bool turned_a, bool turned_b>
__device__ inline void multiply(float (&c)[128], uint64_t left, uint64_t right, bool add) {
  EC_WGMMA(
      "256",
      EC_DIGITS("") "," EC_DIGITS("1") "," EC_DIGITS("2") "," EC_DIGITS("3") "," EC_DIGITS("4") "," EC_DIGITS("5") "," EC_DIGITS("6") "," EC_DIGITS(
          "7") "," EC_DIGITS("8") "," EC_DIGITS("9") "," EC_DIGITS("10") "," EC_DIGITS("11") ",%120,%121,%122,%123,%124,%125,%126,%127",
      "128", "129", "130", "131", "132", EC_THIRTYTWO(0), EC_THIRTYTWO(32), EC_THIRTYTWO(64), EC_THIRTYTWO(96));
}

#undef EC_WGMMA
#undef EC_THIRTYTWO
#undef EC_EIGHT
#undef EC_DIGITS

#endif  // EC_SM90

}  // namespace earthcraft::gpu
