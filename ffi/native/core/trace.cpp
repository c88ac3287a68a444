// What every operator took, as lines of Chrome's trace event format, appended to a file that several processes may share. A file that a killed
// process leaves open ends in the middle of an array, which chrome://tracing and Perfetto read all the same.

#include <ATen/core/ivalue.h>
#include <ATen/record_function.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>

#include "device.h"
#include "errors.h"

namespace earthcraft {
namespace {

constexpr size_t kFlushBytes = 1 << 18;
// Some 200 MB, which is what viewers still open.
constexpr int64_t kMostEvents = 1'000'000;

double now_us() { return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string json_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) continue;
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

// The file and what is not in it yet.
class Trace {
 public:
  explicit Trace(const std::string& path) : fd_(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)) {
    if (fd_ < 0) fail(EC_IO, "trace '" + path + "': " + std::strerror(errno));
  }
  ~Trace() {
    flush();
    close(fd_);
  }

  // `fields`: what stands between name and thread.
  void event(const std::string& name, const std::string& fields) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (events_ > kMostEvents) return;
    const bool last = events_++ == kMostEvents;
    const std::string& told = last ? "no more events: the trace is full" : name;
    buffer_ += "{\"name\":" + json_string(told) + (last ? ",\"ph\":\"i\",\"s\":\"p\",\"ts\":" + decimal(now_us()) : fields) +
               ",\"pid\":" + std::to_string(getpid()) + ",\"tid\":" + std::to_string(syscall(SYS_gettid)) + "},\n";
    if (buffer_.size() >= kFlushBytes) write_out();
  }

  void flush() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    write_out();
  }

 private:
  // One write of whole lines, so that processes that share the file do not cut each other's. A full disk ends the trace, not the work.
  void write_out() noexcept {
    if (!buffer_.empty() && write(fd_, buffer_.data(), buffer_.size()) != static_cast<ssize_t>(buffer_.size())) events_ = kMostEvents + 1;
    buffer_.clear();
  }

  const int fd_;
  std::mutex mutex_;
  std::string buffer_;
  int64_t events_ = 0;
};

std::unique_ptr<Trace> trace;
at::CallbackHandle callback = at::INVALID_CALLBACK_HANDLE;

// Shapes and libtorch's names of types, as `[4096, 64] Float`, one after another, and the bytes that lie in them.
struct Values {
  std::string shapes;
  int64_t bytes = 0;

  void add(const c10::IValue& value) {
    if (value.isTensor()) return add(value.toTensor());
    if (value.isTensorList())
      for (const at::Tensor& tensor : value.toTensorVector()) add(tensor);
  }

  void add(const at::Tensor& tensor) {
    if (!tensor.defined()) return;
    if (!shapes.empty()) shapes += ' ';
    shapes += '[';
    for (int64_t i = 0; i < tensor.dim(); ++i) shapes += (i == 0 ? "" : ", ") + std::to_string(tensor.size(i));
    shapes += "] ";
    shapes += c10::toString(tensor.scalar_type());
    bytes += static_cast<int64_t>(tensor.nbytes());
  }
};

struct Started final : at::ObserverContext {
  double at_us = 0;
  Values inputs;
};

std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction& function) {
  auto started = std::make_unique<Started>();
  for (const c10::IValue& input : function.inputs()) started->inputs.add(input);
  started->at_us = now_us();
  return started;
}

// A GPU is given work and left alone with it; the time it takes is seen by waiting for it.
void await_device() noexcept {
  const c10::Device device = default_device();
  if (device.is_cuda()) ec_device_synchronize(device.index());
}

void on_end(const at::RecordFunction& function, at::ObserverContext* context) {
  const Started& started = *static_cast<Started*>(context);
  await_device();
  const double took_us = now_us() - started.at_us;
  Values outputs;
  for (const c10::IValue& output : function.outputs()) outputs.add(output);
  if (trace == nullptr) return;
  const char* category = function.scope() == at::RecordScope::BACKWARD_FUNCTION ? "backward" : "operator";
  trace->event(function.name(), std::string(",\"cat\":\"") + category + "\",\"ph\":\"X\",\"ts\":" + decimal(started.at_us) +
                                    ",\"dur\":" + decimal(took_us) + ",\"args\":{\"inputs\":" + json_string(started.inputs.shapes) + ",\"outputs\":" +
                                    json_string(outputs.shapes) + ",\"bytes\":" + std::to_string(started.inputs.bytes + outputs.bytes) + "}");
}

void stop() {
  if (callback != at::INVALID_CALLBACK_HANDLE) at::removeCallback(callback);
  callback = at::INVALID_CALLBACK_HANDLE;
  trace.reset();
}

}  // namespace
}  // namespace earthcraft

using namespace earthcraft;

int32_t ec_trace_start(const char* path) noexcept {
  return guarded_status([&] {
    if (path == nullptr) fail(EC_ARGUMENT, "no file is named");
    stop();
    trace = std::make_unique<Trace>(path);
    callback = at::addGlobalCallback(at::RecordFunctionCallback(on_start, on_end)
                                         .needsInputs(true)
                                         .needsOutputs(true)
                                         .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
  });
}

int32_t ec_trace_begin(const char* name) noexcept {
  return guarded_status([&] {
    if (trace != nullptr && name != nullptr) trace->event(name, ",\"cat\":\"span\",\"ph\":\"B\",\"ts\":" + decimal(now_us()));
  });
}

int32_t ec_trace_end(void) noexcept {
  return guarded_status([&] {
    if (trace == nullptr) return;
    await_device();
    trace->event("", ",\"ph\":\"E\",\"ts\":" + decimal(now_us()));
    trace->flush();
  });
}

int32_t ec_trace_stop(void) noexcept {
  return guarded_status([&] { stop(); });
}
