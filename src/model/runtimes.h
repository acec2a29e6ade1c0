// The runtimes that AWS takes, by name, and which of them Kiln runs. Pure.
#pragma once

#include <string>
#include <string_view>

namespace kiln::model {

// "nodejs24.x, python3.14, …": as AWS's texts list them.
std::string runtime_list();
// Whether functions of this runtime can be made here.
bool is_runtime_here(std::string_view name);

}  // namespace kiln::model
