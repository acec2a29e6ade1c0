// The parts of reading a template, one after the other: the sections of a tree, then what they refer
// to. Problems are collected; a part that is wrong is left out.
#pragma once

#include <vector>

#include "template/template.h"

namespace kiln::cfn {

Template read_sections(const Node& root, std::vector<Problem>& problems);

// Functions, references, conditions, mappings, cycles.
void check_references(const Template& parsed, std::vector<Problem>& problems);

}  // namespace kiln::cfn
