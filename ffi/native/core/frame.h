// The calling thread's frame, and the stream of tagged values in it.
#pragma once

#include <cstdint>
#include <string>

#include "../include/earthcraft.h"

namespace earthcraft {

ec_frame_block& frame() noexcept;

// Reads what TypeScript wrote. Every read is checked against the end of the stream.
class FrameReader {
 public:
  double word();
  int64_t integer();
  size_t count();
  ec_handle handle();
  std::string text(size_t bytes);

 private:
  size_t position_ = 0;
};

// Writes what TypeScript will read.
class FrameWriter {
 public:
  void word(double value);
  void text(const std::string& value);

 private:
  size_t position_ = 0;
};

}  // namespace earthcraft
