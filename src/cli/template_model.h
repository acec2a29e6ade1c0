// The model of the templates that a PATH leads to.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cli/command.h"
#include "lint/model.h"

namespace kiln::cli {

struct TemplateChoice {
  std::string path = {};  // as read_template_source() takes it
  std::map<std::string, std::string> parameters = {};
  std::string region = "us-east-1";  // of stacks that name none
};

// --parameter NAME=VALUE, which may be repeated, into `parameters`.
void add_parameter_option(CLI::App& command, std::map<std::string, std::string>& parameters);

// Nothing when something can't be read; all that is wrong is said on stderr then.
std::optional<lint::Model> read_template_model(Console& console, const TemplateChoice& choice);

}  // namespace kiln::cli
