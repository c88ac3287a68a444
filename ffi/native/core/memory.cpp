#include "errors.h"
#include "frame.h"
#include "handles.h"

using namespace earthcraft;

int32_t ec_memory(void) noexcept {
  return guarded_status([&] {
    FrameWriter out;
    out.word(static_cast<double>(live_handles()));
    out.word(0);
    out.word(0);
    out.word(0);
  });
}
int32_t ec_memory_trim(void) noexcept { return EC_OK; }
int32_t ec_memory_reset_peak(void) noexcept { return EC_OK; }
