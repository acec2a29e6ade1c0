// The prices that a command reckons with: Kiln's own of the Region, or a file's.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "cost/price_file.h"

namespace kiln::cli {

// --prices FILE, into `file`.
void add_prices_option(CLI::App& command, std::string& file);

// Of this Region; "" as file: those that Kiln brings along. Prices that are older than a year are
// said on stderr. Error (Usage): unreadable, or none of this Region.
Result<cost::Prices> load_prices(Console& console, const std::string& file,
                                 const std::string& region);

}  // namespace kiln::cli
