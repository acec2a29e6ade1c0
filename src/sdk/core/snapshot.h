// The run loop of a program that environments are forked of; see kiln/snapshot.h and
// template_process.h.
//
// Threading: one thread.
#pragma once

#include "kiln/run.h"

namespace kiln::sdk {

// Runs init and hooks, then is forked; in each environment it comes back when that ends, with the
// exit code. `control`: see template_control().
int run_template(int control, const Function& function);

// The hooks, in their orders. What they throw comes out.
void run_before_checkpoint();
void run_after_restore();

}  // namespace kiln::sdk
