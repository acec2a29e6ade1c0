#include "cli/serverless_file.h"

#include "template/node_reader.h"

namespace kiln::cli {
namespace {

void add_functions(const cfn::Node& functions, std::vector<ServerlessFunction>& found) {
  for (const cfn::Node& each : functions.list) add_functions(each, found);
  for (const cfn::Member& member : functions.map) {
    const cfn::Node* handler = member.value.find("handler");
    if (handler != nullptr && handler->is_text() && handler->text.find('$') == std::string::npos)
      found.push_back({member.name, handler->text});
  }
}

}  // namespace

std::vector<ServerlessFunction> serverless_functions(std::string_view text) {
  std::vector<ServerlessFunction> found;
  const cfn::NodeOrProblem read = cfn::read_node(text);
  if (const auto* root = std::get_if<cfn::Node>(&read))
    if (const cfn::Node* functions = root->find("functions")) add_functions(*functions, found);
  return found;
}

}  // namespace kiln::cli
