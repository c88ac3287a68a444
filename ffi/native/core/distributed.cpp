// Collectives between rank processes: libtorch's Gloo process group, and the averaging of gradients over it.

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <cstdlib>
#include <string>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "errors.h"
#include "frame.h"
#include "handles.h"
#include "recording.h"

namespace earthcraft {
namespace {

constexpr int64_t kBucketElements = int64_t{25} << 18;  // 25 MiB of f32 a message, as c10d's Reducer

// Leaked on purpose, like all that lives until the process ends; ec_dist_shutdown drops the connections.
c10::intrusive_ptr<c10d::ProcessGroupGloo>& group() {
  static auto* instance = new c10::intrusive_ptr<c10d::ProcessGroupGloo>();
  return *instance;
}

c10d::ProcessGroupGloo& joined() {
  if (!group()) fail(EC_ARGUMENT, "no process group: call initDistributed first");
  if (recording() != nullptr) fail(EC_CHECKPOINT, "a checkpointed segment may not talk to other ranks");
  return *group();
}

// `tcp://host:port`, where rank 0 listens, or `file:///path` on a disk that all ranks see.
c10::intrusive_ptr<c10d::Store> open_store(const std::string& address, int rank, int world, std::chrono::milliseconds timeout) {
  if (address.rfind("file://", 0) == 0) return c10::make_intrusive<c10d::FileStore>(address.substr(7), world);
  const size_t colon = address.rfind(':');
  if (address.rfind("tcp://", 0) != 0 || colon == std::string::npos || colon < 7)
    fail(EC_ARGUMENT, "expected tcp://host:port or file:///path, got " + address);
  std::string host = address.substr(6, colon - 6);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(std::stoul(address.substr(colon + 1)));
  // torchrun's agent listens itself; anybody else leaves it to rank 0.
  const char* agent = std::getenv("TORCHELASTIC_USE_AGENT_STORE");
  options.isServer = rank == 0 && !(agent != nullptr && std::string(agent) == "True");
  options.numWorkers = static_cast<size_t>(world);
  options.timeout = timeout;
  options.useLibUV = false;  // Bun exports uv_* functions of its own, which stand before libtorch's and abort
  return c10::make_intrusive<c10d::TCPStore>(host, options);
}

std::vector<at::Tensor> read_tensors(int32_t count) {
  FrameReader in;
  std::vector<at::Tensor> tensors;
  for (int32_t i = 0; i < count; ++i) {
    tensors.push_back(tensor_of(in.handle()).detach());
    if (!tensors.back().is_contiguous()) fail(EC_ARGUMENT, "tensor " + std::to_string(i) + " is not contiguous");
  }
  return tensors;
}

c10d::ReduceOp reduction(int32_t op) {
  switch (op) {
    case 0:
      return c10d::ReduceOp::SUM;
    case 1:
      return c10d::ReduceOp::MAX;
    case 2:
      return c10d::ReduceOp::MIN;
    default:
      fail(EC_ARGUMENT, "no reduction " + std::to_string(op));
  }
}

void all_reduce(c10d::ProcessGroupGloo& ranks, at::Tensor& tensor, c10d::ReduceOp op) {
  std::vector<at::Tensor> list{tensor};
  c10d::AllreduceOptions options;
  options.reduceOp = op;
  ranks.allreduce(list, options)->wait();
}

}  // namespace
}  // namespace earthcraft

using namespace earthcraft;

int32_t ec_dist_init(const char* store, int32_t rank, int32_t world, int32_t timeout_s) noexcept {
  return guarded_status([&] {
    if (group()) fail(EC_ARGUMENT, "this process has joined a group already");
    if (world < 1 || rank < 0 || rank >= world) fail(EC_ARGUMENT, "rank " + std::to_string(rank) + " of " + std::to_string(world));
    const auto timeout = std::chrono::milliseconds(int64_t{1000} * timeout_s);
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
    const std::string address = store == nullptr ? "" : store;
    const bool local = address.rfind("tcp://", 0) != 0 || address.rfind("tcp://127.", 0) == 0 || address.rfind("tcp://localhost:", 0) == 0;
    options->devices.push_back(interface != nullptr && *interface != '\0' ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                               : local                                    ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                                                          : c10d::ProcessGroupGloo::createDefaultDevice());
    // A group that torchrun starts again finds the keys of the one before in the same store.
    const char* restart = std::getenv("TORCHELASTIC_RESTART_COUNT");
    const std::string prefix = std::string("earthcraft/") + (restart == nullptr ? "0" : restart);
    auto keys = c10::make_intrusive<c10d::PrefixStore>(prefix, open_store(address, rank, world, timeout));
    group() = c10::make_intrusive<c10d::ProcessGroupGloo>(keys, rank, world, options);
  });
}

int32_t ec_dist_shutdown(void) noexcept {
  return guarded_status([] { group().reset(); });
}

int32_t ec_dist_all_reduce(int32_t count, int32_t op) noexcept {
  return guarded_status([&] {
    c10d::ProcessGroupGloo& ranks = joined();
    for (at::Tensor& tensor : read_tensors(count)) {
      all_reduce(ranks, tensor, reduction(op));
      tensor.unsafeGetTensorImpl()->bump_version();
    }
  });
}

int32_t ec_dist_broadcast(int32_t count, int32_t root) noexcept {
  return guarded_status([&] {
    c10d::ProcessGroupGloo& ranks = joined();
    c10d::BroadcastOptions options;
    options.rootRank = root;
    for (at::Tensor& tensor : read_tensors(count)) {
      std::vector<at::Tensor> list{tensor};
      ranks.broadcast(list, options)->wait();
      tensor.unsafeGetTensorImpl()->bump_version();
    }
  });
}

int32_t ec_dist_barrier(void) noexcept {
  return guarded_status([] { joined().barrier()->wait(); });
}

// Every rank sends every parameter's gradient, zeros where it has none, in the order of the list: a level that is empty on one rank cannot leave the
// others waiting. A parameter that no rank used keeps no gradient, as in a single process.
int32_t ec_dist_average_gradients(int32_t count) noexcept {
  return guarded_status([&] {
    c10d::ProcessGroupGloo& ranks = joined();
    const c10::AutoGradMode no_grad(false);
    FrameReader in;
    std::vector<at::Tensor> params;
    at::Tensor used = at::empty({count}, at::TensorOptions().dtype(at::kFloat));
    for (int32_t i = 0; i < count; ++i) {
      params.push_back(tensor_of(in.handle()));
      if (params.back().scalar_type() != at::kFloat) fail(EC_DTYPE, "parameter " + std::to_string(i) + " is not f32");
      used.mutable_data_ptr<float>()[i] = params.back().grad().defined() ? 1.0f : 0.0f;
    }
    if (count == 0) return;
    all_reduce(ranks, used, c10d::ReduceOp::MAX);

    for (size_t begin = 0, end = 0; begin < params.size(); begin = end) {
      std::vector<at::Tensor> flat;
      for (int64_t elements = 0; end < params.size() && (end == begin || elements + params[end].numel() <= kBucketElements); ++end) {
        const at::Tensor gradient = params[end].grad();
        flat.push_back((gradient.defined() ? gradient : at::zeros_like(params[end])).reshape({-1}));
        elements += params[end].numel();
      }
      at::Tensor bucket = at::cat(flat);
      all_reduce(ranks, bucket, c10d::ReduceOp::SUM);
      bucket.div_(ranks.getSize());
      int64_t offset = 0;
      for (size_t i = begin; i < end; ++i) {
        const at::Tensor average = bucket.narrow(0, offset, params[i].numel()).view(params[i].sizes());
        offset += params[i].numel();
        if (used.const_data_ptr<float>()[i] == 0.0f) continue;
        at::Tensor gradient = params[i].grad();
        if (gradient.defined())
          gradient.copy_(average);
        else
          params[i].mutable_grad() = average.clone();
      }
    }
  });
}
