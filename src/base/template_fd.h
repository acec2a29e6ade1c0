// The variable by which a program finds the descriptor over which it is told to make environments:
// a template of snapshot start, see sdk/core/template_process.h. It has no direct channel.
#pragma once

namespace kiln {

inline constexpr const char* kTemplateFdVariable = "KILN_TEMPLATE_FD";

}  // namespace kiln
