// The parts of reading a template, one after the other: the sections of a tree, then what they
// refer to. Problems are collected. What is wrong keeps its name, so that a reference to it is no
// second problem.
#pragma once

#include <string>
#include <vector>

#include "template/template.h"

namespace kiln::cfn {

Template read_sections(const Node& root, std::vector<Problem>& problems);

// Functions, references, conditions, mappings, circles.
void check_references(const Template& parsed, std::vector<Problem>& problems);

// One member of Parameters, of Resources and of Outputs.
Parameter read_parameter(const Member& member, std::vector<Problem>& problems);
Resource read_resource(const Member& member, std::vector<Problem>& problems);
Output read_output(const Member& member, std::vector<Problem>& problems);

// "Template format error: …"
void report(std::vector<Problem>& problems, Place place, const std::string& message);

// The text of a scalar, "" of others.
std::string scalar_text(const Node& node);

}  // namespace kiln::cfn
