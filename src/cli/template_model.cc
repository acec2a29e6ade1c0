#include "cli/template_model.h"

#include <algorithm>

#include "cli/remedies.h"
#include "cli/stack_package.h"
#include "cli/template_source.h"
#include "cli/usage.h"
#include "lint/model_builder.h"
#include "template/problem_text.h"
#include "template/template.h"

namespace kiln::cli {
namespace {

// An account that no stack says; all stacks without one are in the same.
constexpr const char* kAnyAccount = "000000000000";

struct Parsed {
  cfn::Template content;
  std::vector<cfn::Problem> notes;
};

// Each template parsed; problems are printed, all of them, before it gives up.
std::optional<std::vector<Parsed>> parse_all(Console& console, const TemplateChoice& choice,
                                             const std::vector<StackTemplate>& stacks) {
  std::vector<Parsed> parsed;
  bool readable = true;
  for (const StackTemplate& stack : stacks) {
    auto values = choice.parameters;
    values.insert(stack.parameters.begin(), stack.parameters.end());
    values.merge(pseudo_values(stack.account.empty() ? kAnyAccount : stack.account,
                               stack.region.empty() ? choice.region : stack.region));
    cfn::Reading reading = cfn::read_template(stack.text, values, local_include(stack));
    for (const cfn::Problem& problem : reading.problems) {
      if (reading.ok()) break;
      readable = false;
      std::string place;
      if (problem.place.line != 0)
        place = "line " + std::to_string(problem.place.line) + ", column " +
                std::to_string(problem.place.column) + ": ";
      fail(console, usage(placed_in(stack.file, place + problem.message)));
    }
    if (!reading.valueless.empty())
      note(console, "parameters without a value: " + cfn::joined(reading.valueless) +
                        "; give each with --parameter NAME=VALUE");
    if (reading.ok()) parsed.push_back({std::move(*reading.parsed), std::move(reading.notes)});
  }
  if (!readable) return std::nullopt;
  return parsed;
}

Result<void> check_parameters(const TemplateChoice& choice, const std::vector<Parsed>& templates) {
  for (const auto& given : choice.parameters) {
    const std::string& name = given.first;
    if (std::none_of(templates.begin(), templates.end(),
                     [&](const Parsed& parsed) { return parsed.content.parameter(name); })) {
      return usage("--parameter " + name + ": no template of " + choice.path + " has it");
    }
  }
  return {};
}

Result<lint::Model> build_model(const TemplateChoice& choice,
                                const std::vector<StackTemplate>& stacks,
                                const std::vector<Parsed>& templates) {
  std::vector<lint::StackInfo> infos;
  infos.reserve(stacks.size());
  for (const StackTemplate& stack : stacks) {
    infos.push_back({stack.stack_name, stack.file,
                     stack.account.empty() ? kAnyAccount : stack.account,
                     stack.region.empty() ? choice.region : stack.region});
  }
  lint::ModelBuilder builder(std::move(infos));
  for (size_t i = 0; i < stacks.size(); ++i) {
    std::map<std::string, std::string> parameters;
    for (const cfn::Parameter& parameter : templates[i].content.parameters) {
      for (const auto* given : {&stacks[i].parameters, &choice.parameters}) {
        if (const auto found = given->find(parameter.name); found != given->end())
          parameters[parameter.name] = found->second;
      }
    }
    const Result<void> added = builder.add(i, templates[i].content, parameters);
    if (!added) return usage(stacks[i].file + ": " + added.error().message);
    builder.add_notes(i, templates[i].content, templates[i].notes);
  }
  return builder.finish();
}

}  // namespace

void add_parameter_option(CLI::App& command, std::map<std::string, std::string>& parameters) {
  command
      .add_option_function<std::vector<std::string>>(
          "--parameter",
          [&parameters](const std::vector<std::string>& pairs) {
            for (const std::string& pair : pairs) {
              const size_t equals = pair.find('=');
              if (equals == 0 || equals == std::string::npos)
                throw CLI::ValidationError("--parameter", pair + " is not NAME=VALUE");
              parameters[pair.substr(0, equals)] = pair.substr(equals + 1);
            }
          },
          "Value of a template's parameter; can be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
}

std::optional<lint::Model> read_template_model(Console& console, const TemplateChoice& choice) {
  const auto give_up = [&](const Error& error) {
    fail(console, error);
    return std::nullopt;
  };
  const Result<std::vector<StackTemplate>> stacks = read_template_source(choice.path);
  if (!stacks) return give_up(stacks.error());
  const std::optional<std::vector<Parsed>> templates = parse_all(console, choice, *stacks);
  if (!templates) return std::nullopt;
  if (const Result<void> fine = check_parameters(choice, *templates); !fine)
    return give_up(fine.error());
  Result<lint::Model> model = build_model(choice, *stacks, *templates);
  if (!model) return give_up(model.error());
  return *std::move(model);
}

}  // namespace kiln::cli
