// The text of the KILN_CHECK that failed, for the handler of the fault that follows.
#pragma once

namespace kiln {

// "": none has. Never freed, written once.
const char* last_failed_check();

}  // namespace kiln
