// The runtimes that AWS takes, by name, and which of them Kiln runs. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace kiln::model {

// "nodejs24.x, python3.14, …": as AWS's texts list them.
std::string runtime_list();
// Whether functions of this runtime can be made here.
bool is_runtime_here(std::string_view name);
// The newest runtime of a language, "python" or "nodejs", for which `is_there` says yes; "": none.
std::string newest_runtime(std::string_view language,
                           const std::function<bool(const std::string&)>& is_there);

}  // namespace kiln::model
