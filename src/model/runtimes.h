// The runtimes that AWS takes, by name, and which of them Kiln runs. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::model {

// "nodejs24.x, python3.14, …": as AWS's texts list them.
std::string runtime_list();
// Whether functions of this runtime can be made here.
bool is_runtime_here(std::string_view name);
// Of these, all that need an interpreter of the machine.
std::vector<std::string> interpreted_runtimes();
// The newest runtime of a language, "python" or "nodejs", for which `is_there` says yes; "": none.
std::string newest_runtime(std::string_view language,
                           const std::function<bool(const std::string&)>& is_there);

// The runtime here that somebody may have meant by a name that is none here: the one of the same
// version ("node20": nodejs20.x), else the newest of the same language ("python4.0"), which is what
// `newest` says of it, or, where that is "", the newest of all. "": no language that runs here.
std::string near_runtime(std::string_view name,
                         const std::function<std::string(const std::string& language)>& newest);

}  // namespace kiln::model
