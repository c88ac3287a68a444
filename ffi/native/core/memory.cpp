#include "allocator.h"
#include "errors.h"
#include "frame.h"
#include "handles.h"

using namespace earthcraft;

int32_t ec_memory(void) noexcept {
  return guarded_status([&] {
    const MemoryStatistics statistics = memory_statistics();
    FrameWriter out;
    out.word(static_cast<double>(live_handles()));
    out.word(static_cast<double>(statistics.live));
    out.word(static_cast<double>(statistics.peak));
    out.word(static_cast<double>(statistics.cached));
  });
}

int32_t ec_memory_trim(void) noexcept {
  return guarded_status([] { trim_memory(); });
}

int32_t ec_memory_reset_peak(void) noexcept {
  return guarded_status([] { reset_peak(); });
}
