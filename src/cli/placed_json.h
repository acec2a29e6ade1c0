// A template's tree as JSON whose lines are those of the text that it was read from, so that what
// is said of the JSON holds for the text: white space is free in JSON. Columns agree where a line
// has room.
#pragma once

#include <string>

#include "template/node.h"

namespace kiln::cli {

std::string placed_json(const cfn::Node& root);

}  // namespace kiln::cli
