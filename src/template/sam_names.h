// Names that a SAM template has for what the transform makes: "Orders.Alias" or "Tools"; an
// attribute may follow.
#pragma once

#include <map>
#include <string>

#include "template/node.h"

namespace kiln::cfn {

class SamNames {
 public:
  explicit SamNames(const std::map<std::string, std::string>& names) : names_(names) {}

  // In Ref, Fn::GetAtt and Fn::Sub of the whole tree. Linear in its size.
  void rename(Node& node) const;
  // "Orders.Alias.Arn" asks for "Orders.Alias" first, then for "Orders".
  std::string renamed(const std::string& name) const;

 private:
  void rename_attribute(Node& argument) const;
  void rename_sub(Node& argument) const;

  const std::map<std::string, std::string>& names_;
};

}  // namespace kiln::cfn
