// The process-wide control block: a flag that a signal sets and long loops look at.
#pragma once

#include "../include/earthcraft.h"

namespace earthcraft {

ec_control_block& control() noexcept;

}  // namespace earthcraft
