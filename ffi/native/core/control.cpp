#include "control.h"

#include <signal.h>

#include "errors.h"

namespace earthcraft {
namespace {

ec_control_block block = {};
struct sigaction before_int, before_term;
bool installed = false;

// Async-signal-safe: sets the flag, then lets the runtime's own handler see the signal, because a blocking call only delays JavaScript.
void on_signal(int number, siginfo_t* info, void* context) {
  block.cancel = 1;
  const struct sigaction& before = number == SIGINT ? before_int : before_term;
  if (before.sa_flags & SA_SIGINFO) {
    if (before.sa_sigaction) before.sa_sigaction(number, info, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(number);
  }
}

}  // namespace

ec_control_block& control() noexcept { return block; }

}  // namespace earthcraft

using namespace earthcraft;

ec_control_block* ec_control(void) noexcept { return &control(); }

int32_t ec_control_cancel_on_signals(int32_t on) noexcept {
  return guarded_status([&] {
    if ((on != 0) == installed) return;
    if (on) {
      struct sigaction action = {};
      action.sa_sigaction = on_signal;
      action.sa_flags = SA_SIGINFO | SA_RESTART;
      sigemptyset(&action.sa_mask);
      if (sigaction(SIGINT, &action, &before_int) != 0 || sigaction(SIGTERM, &action, &before_term) != 0) fail(EC_INTERNAL, "sigaction failed");
    } else {
      sigaction(SIGINT, &before_int, nullptr);
      sigaction(SIGTERM, &before_term, nullptr);
    }
    installed = on != 0;
  });
}
