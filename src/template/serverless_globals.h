// Globals of a SAM template: what all resources of a kind have.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "template/node.h"

namespace kiln::cfn {

class SamGlobals {
 public:
  // Problems are told, and what is wrong is left out. `copies`: how many resources may take them.
  SamGlobals(const Node& root, size_t copies, std::vector<Problem>& problems);

  // The properties of a resource of AWS::Serverless::`kind`: lists one after the other, maps member
  // by member, of anything else what the resource says. `ignored`: its attribute IgnoreGlobals.
  Node with(const std::string& id, const std::string& kind, const Node& properties,
            const Node* ignored);
  // The properties that a kind's Globals have; nullptr for none.
  const Node* of(const std::string& kind) const;

 private:
  std::map<std::string, Node> sections_;
  std::vector<Problem>& problems_;
};

}  // namespace kiln::cfn
