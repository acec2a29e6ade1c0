// Why the properties of a plan's modifications change, as change sets tell it: what the template
// says otherwise, parameters with other values, resources that others refer to.
//
//   tell_reasons(plan.changes, {parsed, values_before, values_after, stack.resources});
//
// Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "stack/stack.h"
#include "template/template.h"

namespace kiln::stack {

struct ChangedTemplate {
  const cfn::Template& parsed;  // the new one
  // The values of the parameters as they were given: of the template that the stack has, and of the
  // new one.
  const std::map<std::string, std::string>& values_before;
  const std::map<std::string, std::string>& values_after;
  const std::map<std::string, StackResource>& resources;  // of the stack
};

// Sets the reasons of all modifications, and adds those that are potential: resources whose
// attributes are used by others may have other ones after they changed.
void tell_reasons(std::vector<Change>& changes, const ChangedTemplate& changed);

// Of what is removed, values that come from other resources become unknown: AWS doesn't tell them.
// `before`: the stack's template.
void hide_references(std::vector<Change>& changes, const cfn::Template& before);

}  // namespace kiln::stack
