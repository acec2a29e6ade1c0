// What a deployment would do, before it does anything.
//
// Errors are those of the template: kInvalid, ValidationError. Pure but for what the surroundings
// look up.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "stack/resolve.h"
#include "stack/stack.h"

namespace kiln::stack {

// The resources of a stack as a plan sees them, while it goes through the template: Ref and GetAtt
// of what is there give its values, of what is to be made cfn::kUnknown.
class PlannedResources {
 public:
  PlannedResources(const std::map<std::string, StackResource>& now, const cfn::Template& parsed,
                   const Wish& wish)
      : now_(now), template_(parsed), wish_(wish) {}

  Result<nlohmann::json> reference(const std::string& logical_id,
                                   const std::string& attribute) const;
  void will_be_made(const std::string& logical_id, const Wanted& wanted);
  bool is_new(const std::string& logical_id) const { return made_.contains(logical_id); }
  bool is_left_out(const std::string& logical_id) const { return left_out_.contains(logical_id); }

 private:
  const std::map<std::string, StackResource>& now_;
  const cfn::Template& template_;
  const Wish& wish_;
  std::map<std::string, std::string> made_;  // logical id to what Ref will be; "": not known
  std::set<std::string> left_out_;
};

struct Plan {
  std::vector<Change> changes;
  std::vector<StackOutput> outputs;  // unknown values are cfn::kUnknown
};

// `resolver` looks resources up in `planned`. `now`: what is there, empty for a new stack.
Result<Plan> make_plan(const std::map<std::string, StackResource>& now, Resolver& resolver,
                       PlannedResources& planned);

// How a resource that is there changes, if it does. One whose last change did not end counts as
// changed in any case.
std::optional<Change> compare(const StackResource& before, const Wanted& after);

}  // namespace kiln::stack
