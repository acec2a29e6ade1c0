#include "cli/placed_json.h"

#include "base/json_access.h"

namespace kiln::cli {
namespace {

using cfn::Node;

class Writer {
 public:
  void write(const Node& node) {
    move_to(node.place);
    if (node.is_map()) {
      put("{");
      const char* between = "";
      for (const cfn::Member& member : node.map) {
        put(between);
        between = ",";
        move_to(member.place);
        put(json_dump(nlohmann::json(member.name)) + ":");
        write(member.value);
      }
      put("}");
    } else if (node.is_list()) {
      put("[");
      const char* between = "";
      for (const Node& item : node.list) {
        put(between);
        between = ",";
        write(item);
      }
      put("]");
    } else {
      put(json_dump(cfn::to_json(node)));
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void put(const std::string& text) {
    out_ += text;
    column_ += static_cast<uint32_t>(text.size());
  }
  void move_to(cfn::Place place) {
    if (place.line > line_) {
      out_.append(place.line - line_, '\n');
      line_ = place.line;
      column_ = 1;
    }
    if (place.line == line_ && place.column > column_) {
      out_.append(place.column - column_, ' ');
      column_ = place.column;
    }
  }

  std::string out_;
  uint32_t line_ = 1, column_ = 1;
};

}  // namespace

std::string placed_json(const Node& root) {
  Writer writer;
  writer.write(root);
  return writer.take();
}

}  // namespace kiln::cli
