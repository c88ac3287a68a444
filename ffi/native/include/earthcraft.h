// The C ABI between TypeScript and libtorch.
//
// One call reaches every operator the dispatcher knows (`ec_call`); the rest is what operators are not: handles, scopes, arenas, autograd modes,
// checkpoints, threads, memory, collectives.
//
// Rules of every function here:
//  - It is noexcept, catches everything, never prints and never aborts.
//  - It returns a status (0 = done), or a handle (0 = failed, or no tensor), or a count (negative = -status). The status and the message of the last
//    failure lie in the calling thread's frame.
//  - Lists travel in the frame's stream of doubles (integers are exact up to 2^53), so no BigInt and no pointer into JavaScript memory crosses.
//  - Only the thread that called `ec_init` may call; `ec_frame`, `ec_control` and `ec_abi_version` are free for all.
#ifndef EARTHCRAFT_H
#define EARTHCRAFT_H

#include <stdint.h>

#define EC_ABI_VERSION 3
#define EC_HEADER_WORDS 16
#define EC_STREAM_WORDS 131072
#define EC_MESSAGE_BYTES 8192

#define EC_EXPORT __attribute__((visibility("default")))

#ifdef __cplusplus
#define EC_NOEXCEPT noexcept
extern "C" {
#else
#define EC_NOEXCEPT
#endif

typedef uint32_t ec_handle;

enum ec_status {
  EC_OK = 0,
  EC_SHAPE = 1,
  EC_DTYPE = 2,
  EC_INDEX = 3,
  EC_STALE = 4,    // the handle's tensor was freed
  EC_FOREIGN = 5,  // the handle was never issued, or names something else
  EC_MEMORY = 6,
  EC_IO = 7,
  EC_CANCELLED = 8,
  EC_CUDA_LOST = 9,
  EC_INTERNAL = 10,
  EC_ARGUMENT = 11,
  EC_UNSUPPORTED = 12,  // no kernel for this device or dtype, or no such operator
  EC_CHECKPOINT = 13,   // something a checkpointed segment may not do
  EC_THREAD = 14        // called from a thread that does not own the session
};

// What stands before an argument or a return value in the stream.
enum ec_tag {
  EC_TAG_NONE = 0,     //
  EC_TAG_NUMBER = 1,   // value
  EC_TAG_BOOL = 2,     // 0 or 1
  EC_TAG_STRING = 3,   // byte count, bytes padded to whole words
  EC_TAG_TENSOR = 4,   // handle
  EC_TAG_NUMBERS = 5,  // count, values
  EC_TAG_BOOLS = 6,    // count, values
  EC_TAG_TENSORS = 7,  // count, handles; 0 = none
  EC_TAG_DEFAULT = 8   // the schema's default
};

// One block a thread, alive for ever.
typedef struct ec_frame_block {
  double status;         // of the last failure
  double message_bytes;  // of the last failure
  double returns;        // values that the last call wrote to the stream
  double reserved[EC_HEADER_WORDS - 3];
  double stream[EC_STREAM_WORDS];
  char message[EC_MESSAGE_BYTES];
} ec_frame_block;

// One block a process, for other threads and signal handlers.
typedef struct ec_control_block {
  volatile int32_t cancel;  // 1: long loops end with EC_CANCELLED
  volatile int32_t reserved[15];
} ec_control_block;

// Session
EC_EXPORT int32_t ec_abi_version(void) EC_NOEXCEPT;
EC_EXPORT ec_frame_block* ec_frame(void) EC_NOEXCEPT;
EC_EXPORT ec_control_block* ec_control(void) EC_NOEXCEPT;
EC_EXPORT int32_t ec_init(void) EC_NOEXCEPT;                          // binds the session to this thread; deterministic algorithms on
EC_EXPORT int32_t ec_control_cancel_on_signals(int32_t on) EC_NOEXCEPT;  // SIGINT and SIGTERM set `cancel`, then call the handler that was there
EC_EXPORT int32_t ec_threads_set(int32_t threads) EC_NOEXCEPT;        // of operators
EC_EXPORT int32_t ec_threads_get(void) EC_NOEXCEPT;
EC_EXPORT int32_t ec_memory(void) EC_NOEXCEPT;                        // stream: live handles, live bytes, peak bytes, cached bytes
EC_EXPORT int32_t ec_memory_trim(void) EC_NOEXCEPT;                   // gives cached blocks back
EC_EXPORT int32_t ec_memory_reset_peak(void) EC_NOEXCEPT;

// Devices. The first call that names a CUDA device opens libtorch_cuda and libearthcraft_cuda.so.
EC_EXPORT int32_t ec_device_use(const char* device) EC_NOEXCEPT;      // `cpu`, `cuda:0`: where tensors are made that no argument places
EC_EXPORT int32_t ec_device_count(void) EC_NOEXCEPT;                  // GPUs, or -status where none can be used
EC_EXPORT int32_t ec_device_name(int32_t device) EC_NOEXCEPT;         // in the frame's message
EC_EXPORT int32_t ec_device_synchronize(int32_t device) EC_NOEXCEPT;  // waits for its work
EC_EXPORT int32_t ec_device_memory(int32_t device) EC_NOEXCEPT;       // stream: live, peak and cached bytes, then free and total ones of the card
EC_EXPORT int32_t ec_device_reset_peak(int32_t device) EC_NOEXCEPT;
EC_EXPORT int32_t ec_device_empty_cache(void) EC_NOEXCEPT;

// Operators
EC_EXPORT int32_t ec_operator_find(const char* name) EC_NOEXCEPT;     // `aten::add.Tensor`; an operator's number, or -status
EC_EXPORT int32_t ec_operator_schema(int32_t op) EC_NOEXCEPT;         // the schema's text in the frame's message
EC_EXPORT int32_t ec_operator_flags(int32_t op) EC_NOEXCEPT;          // bit 0: draws from the global generator, bit 1: returns its first argument
EC_EXPORT ec_handle ec_call(int32_t op, int32_t arguments) EC_NOEXCEPT;  // one tensor: its handle; else 0 and the values in the stream

// Tensors
EC_EXPORT ec_handle ec_tensor_from(const void* bytes, uint64_t byte_count, int32_t dtype, int32_t dims) EC_NOEXCEPT;  // copies; sizes in the stream
EC_EXPORT ec_handle ec_tensor_map(const char* path, double offset, double byte_count, int32_t dtype, int32_t dims) EC_NOEXCEPT;  // private mapping of a file
EC_EXPORT int32_t ec_tensor_info(ec_handle tensor) EC_NOEXCEPT;       // stream: dtype, device type, device index, requires grad, leaf, dims, sizes
EC_EXPORT int32_t ec_tensor_read(ec_handle tensor, void* bytes, uint64_t byte_count) EC_NOEXCEPT;  // contiguous values of a CPU or CUDA tensor
EC_EXPORT int32_t ec_tensor_free(int32_t count) EC_NOEXCEPT;          // handles in the stream; freeing twice is nothing
EC_EXPORT int32_t ec_tensor_release(ec_handle tensor) EC_NOEXCEPT;    // the same for one
EC_EXPORT int32_t ec_tensor_live(ec_handle tensor) EC_NOEXCEPT;       // 1 or 0

// Scopes and arenas
EC_EXPORT int32_t ec_scope_push(void) EC_NOEXCEPT;                    // its depth, or -status
EC_EXPORT int32_t ec_scope_pop(int32_t depth, int32_t keep) EC_NOEXCEPT;  // frees what the scope owns but the handles in the stream
EC_EXPORT int32_t ec_scope_keep_with(ec_handle companion, int32_t count) EC_NOEXCEPT;  // the handles in the stream go to the companion's owner
EC_EXPORT ec_handle ec_arena_new(void) EC_NOEXCEPT;
EC_EXPORT int32_t ec_arena_adopt(ec_handle arena, int32_t count) EC_NOEXCEPT;  // takes the handles in the stream from whoever owns them
EC_EXPORT int32_t ec_arena_free(ec_handle arena) EC_NOEXCEPT;         // with all it owns

// Autograd
EC_EXPORT int32_t ec_autograd_enable(int32_t on) EC_NOEXCEPT;         // the mode before, or -status
EC_EXPORT int32_t ec_autograd_require(ec_handle tensor, int32_t on) EC_NOEXCEPT;
EC_EXPORT int32_t ec_autograd_backward(ec_handle tensor, ec_handle gradient, int32_t retain_graph) EC_NOEXCEPT;  // gradient 0: ones
EC_EXPORT int32_t ec_autograd_grad(int32_t outputs, int32_t inputs, int32_t create_graph) EC_NOEXCEPT;  // stream: outputs, gradients, inputs; then gradients
EC_EXPORT ec_handle ec_autograd_gradient(ec_handle tensor) EC_NOEXCEPT;  // 0 and status 0: there is none
EC_EXPORT int32_t ec_autograd_clear(int32_t count) EC_NOEXCEPT;       // drops the gradients of the handles in the stream
EC_EXPORT int32_t ec_autocast_push(int32_t device_type, int32_t dtype) EC_NOEXCEPT;  // dtype -1: off
EC_EXPORT int32_t ec_autocast_pop(void) EC_NOEXCEPT;                  // drops the cache of cast weights

// Checkpoints
EC_EXPORT int32_t ec_checkpoint_begin(void) EC_NOEXCEPT;              // 1: recording, 0: nothing to record (no grad mode, or inside another), or -status
EC_EXPORT int32_t ec_checkpoint_end(int32_t outputs) EC_NOEXCEPT;     // handles in the stream become outputs of one replaying node
EC_EXPORT int32_t ec_checkpoint_abort(void) EC_NOEXCEPT;
EC_EXPORT int32_t ec_checkpoint_pause(int32_t on) EC_NOEXCEPT;        // the state before, or -status

// Trace: what every operator takes, as lines of Chrome's trace event format. On a GPU each operator is waited for.
EC_EXPORT int32_t ec_trace_start(const char* path) EC_NOEXCEPT;       // appends to a file, which other processes may write to as well
EC_EXPORT int32_t ec_trace_begin(const char* name) EC_NOEXCEPT;       // a span around operators; they nest; nothing where no trace is written
EC_EXPORT int32_t ec_trace_end(void) EC_NOEXCEPT;
EC_EXPORT int32_t ec_trace_stop(void) EC_NOEXCEPT;

// Collectives between rank processes
EC_EXPORT int32_t ec_dist_init(const char* store, int32_t rank, int32_t world, int32_t timeout_s) EC_NOEXCEPT;  // tcp://host:port or file:///path
EC_EXPORT int32_t ec_dist_shutdown(void) EC_NOEXCEPT;
EC_EXPORT int32_t ec_dist_all_reduce(int32_t count, int32_t op) EC_NOEXCEPT;    // in place, handles in the stream; 0 sum, 1 max, 2 min
EC_EXPORT int32_t ec_dist_broadcast(int32_t count, int32_t root) EC_NOEXCEPT;
EC_EXPORT int32_t ec_dist_barrier(void) EC_NOEXCEPT;
EC_EXPORT int32_t ec_dist_average_gradients(int32_t count) EC_NOEXCEPT;         // of the parameters in the stream

#ifdef __cplusplus
}
#endif
#endif
