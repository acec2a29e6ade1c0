// X-Amzn-Trace-Id as Lambda hands it to functions, whole whatever the caller sent of it:
// Root=…;Parent=…;Sampled=0;Lineage=1:abcdef01:0. What the caller said of Root, Parent, Sampled and
// Lineage stays; the rest is new. Pure but for random ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kiln::model {

std::string complete_trace_header(std::string_view given, std::string_view function,
                                  int64_t epoch_s);

}  // namespace kiln::model
