#include "frame.h"

#include <cmath>
#include <cstring>

#include "errors.h"

namespace earthcraft {

ec_frame_block& frame() noexcept {
  // Never freed: JavaScript keeps views of it until the process ends.
  thread_local ec_frame_block* block = new ec_frame_block();
  return *block;
}

double FrameReader::word() {
  if (position_ >= EC_STREAM_WORDS) fail(EC_INTERNAL, "frame: read past its end");
  return frame().stream[position_++];
}

int64_t FrameReader::integer() {
  const double value = word();
  if (!(std::abs(value) <= 9007199254740992.0) || value != std::trunc(value)) fail(EC_ARGUMENT, "expected an integer, got " + std::to_string(value));
  return static_cast<int64_t>(value);
}

size_t FrameReader::count() {
  const int64_t value = integer();
  if (value < 0 || value > EC_STREAM_WORDS) fail(EC_INTERNAL, "frame: a list of " + std::to_string(value));
  return static_cast<size_t>(value);
}

ec_handle FrameReader::handle() {
  const int64_t value = integer();
  if (value < 0 || value > UINT32_MAX) fail(EC_FOREIGN, "no tensor handle: " + std::to_string(value));
  return static_cast<ec_handle>(value);
}

std::string FrameReader::text(size_t bytes) {
  const size_t words = (bytes + 7) / 8;
  if (words > EC_STREAM_WORDS - position_) fail(EC_INTERNAL, "frame: a text of " + std::to_string(bytes) + " bytes");
  std::string value(reinterpret_cast<const char*>(frame().stream + position_), bytes);
  position_ += words;
  return value;
}

void FrameWriter::word(double value) {
  if (position_ >= EC_STREAM_WORDS) fail(EC_ARGUMENT, "more values than one call can return");
  frame().stream[position_++] = value;
}

void FrameWriter::text(const std::string& value) {
  word(static_cast<double>(value.size()));
  const size_t words = (value.size() + 7) / 8;
  if (words > EC_STREAM_WORDS - position_) fail(EC_ARGUMENT, "a longer text than one call can return");
  std::memcpy(frame().stream + position_, value.data(), value.size());
  position_ += words;
}

}  // namespace earthcraft
