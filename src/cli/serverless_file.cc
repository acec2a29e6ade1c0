#include "cli/serverless_file.h"

#include "template/node_reader.h"

namespace kiln::cli {
namespace {

std::string written_out(const cfn::Node& node, std::string_view name) {
  const cfn::Node* value = node.find(name);
  const bool is_one =
      value != nullptr && value->is_text() && value->text.find('$') == std::string::npos;
  return is_one ? value->text : "";
}

void add_functions(const cfn::Node& functions, const std::string& runtime,
                   std::vector<ServerlessFunction>& found) {
  for (const cfn::Node& each : functions.list) add_functions(each, runtime, found);
  for (const cfn::Member& member : functions.map) {
    const bool has_own = member.value.find("runtime") != nullptr;
    found.push_back({member.name, written_out(member.value, "handler"),
                     has_own ? written_out(member.value, "runtime") : runtime});
  }
}

}  // namespace

std::vector<ServerlessFunction> serverless_functions(std::string_view text) {
  std::vector<ServerlessFunction> found;
  const cfn::NodeOrProblem read = cfn::read_node(text);
  const auto* root = std::get_if<cfn::Node>(&read);
  if (root == nullptr) return found;
  const cfn::Node* provider = root->find("provider");
  const std::string runtime = provider == nullptr ? "" : written_out(*provider, "runtime");
  if (const cfn::Node* functions = root->find("functions"))
    add_functions(*functions, runtime, found);
  return found;
}

}  // namespace kiln::cli
