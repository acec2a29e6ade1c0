// The services that `kiln serve --forward SERVICE=URL` may name. Pure functions; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln::cli {

// Why `service` can't be passed on, with the name that was probably meant; "" when it can.
std::string wrong_forward(const std::string& service);

// The names by which the port knows requests to `service`, one at least: what they are signed for,
// and what their target header says.
std::vector<std::string> forwarded_names(const std::string& service);

}  // namespace kiln::cli
