#include "report/flame_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "report/markup.h"

namespace kiln::report {
namespace {

constexpr double kFlameWidth = 1200;
constexpr double kMargin = 10;
constexpr double kRow = 17;
constexpr double kHead = 36;
constexpr double kFoot = 14;
constexpr double kLetter = 6.6;     // width of one, about
constexpr double kNarrowest = 0.3;  // a box below this is not seen

struct Box {
  uint64_t samples = 0;
  std::map<std::string, Box> children;
};

// Warm, and the same for the same name.
std::string color(const std::string& name) {
  uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return fmt::format("hsl({} {}% {}%)", 10 + hash % 40, 70 + hash / 64 % 20, 58 + hash / 4096 % 10);
}

size_t depth_of(const Box& box) {
  size_t most = 0;
  for (const auto& [name, child] : box.children) most = std::max(most, 1 + depth_of(child));
  return most;
}

// As much of a name as has room, at a border of UTF-8.
std::string shortened(const std::string& name, double width) {
  const auto room = static_cast<size_t>(std::max(0.0, (width - 6) / kLetter));
  if (room < 3) return "";
  if (name.size() <= room) return name;
  size_t end = room - 2;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
  return name.substr(0, end) + "..";
}

class Drawing {
 public:
  Drawing(double unit, uint64_t all, double base) : unit_(unit), all_(all), base_(base) {}

  void add(const std::string& name, const Box& box, double x, size_t level) {
    const double width = static_cast<double>(box.samples) * unit_;
    if (width < kNarrowest) return;
    const double y = base_ - static_cast<double>(level + 1) * kRow;
    const std::string shown = escape(shortened(name, width));
    out += fmt::format(
        "<g><title>{} ({} samples, {:.1f} %)</title>"
        "<rect x=\"{:.1f}\" y=\"{:.0f}\" width=\"{:.1f}\" height=\"{:.0f}\" rx=\"2\" "
        "fill=\"{}\"/>",
        escape(name), box.samples,
        100 * static_cast<double>(box.samples) / static_cast<double>(all_), x, y,
        std::max(width - 0.5, kNarrowest), kRow - 1, color(name));
    if (!shown.empty())
      out += fmt::format("<text x=\"{:.1f}\" y=\"{:.0f}\">{}</text>", x + 3, y + kRow - 5, shown);
    out += "</g>\n";
    for (const auto& [inner, child] : box.children) {
      add(inner, child, x, level + 1);
      x += static_cast<double>(child.samples) * unit_;
    }
  }

  std::string out;

 private:
  double unit_;
  uint64_t all_;
  double base_;
};

}  // namespace

Result<std::vector<FoldedStack>> parse_folded(std::string_view text) {
  std::vector<FoldedStack> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const size_t blank = line.rfind(' ');
    FoldedStack stack;
    const char* last = line.data() + line.size();
    const char* first = blank == std::string_view::npos ? last : line.data() + blank + 1;
    const auto [stop, error] = std::from_chars(first, last, stack.samples);
    if (first == last || error != std::errc() || stop != last || blank == 0)
      return Error{ErrorKind::kInvalid, "NoProfile",
                   "'" + std::string(line.substr(0, 100)) + "' is not a folded stack"};
    line = line.substr(0, blank);
    while (true) {
      const size_t next = line.find(';');
      stack.frames.emplace_back(line.substr(0, next));
      if (next == std::string_view::npos) break;
      line.remove_prefix(next + 1);
    }
    out.push_back(std::move(stack));
  }
  return out;
}

std::string flame_graph(const std::vector<FoldedStack>& stacks, const std::string& title) {
  Box root;
  for (const FoldedStack& stack : stacks) {
    root.samples += stack.samples;
    Box* at = &root;
    for (const std::string& frame : stack.frames) {
      at = &at->children[frame];
      at->samples += stack.samples;
    }
  }
  const double height = kHead + static_cast<double>(depth_of(root) + 1) * kRow + kFoot;
  const double unit =
      root.samples == 0 ? 0 : (kFlameWidth - 2 * kMargin) / static_cast<double>(root.samples);
  Drawing drawing(unit, std::max<uint64_t>(root.samples, 1), height - kFoot);
  drawing.add("all", root, kMargin, 0);
  return fmt::format(
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
             "width=\"{0:.0f}\" height=\"{1:.0f}\">\n"
             "<style>text {{ font: 11px ui-monospace, monospace; fill: #222; pointer-events: none "
             "}}"
             " .title {{ font: 15px sans-serif }} rect:hover {{ stroke: #222 }}</style>\n"
             "<rect width=\"100%\" height=\"100%\" fill=\"#fffdf8\"/>\n"
             "<text class=\"title\" x=\"{2:.0f}\" y=\"22\">{3}</text>\n",
             kFlameWidth, height, kMargin, escape(title)) +
         drawing.out + "</svg>\n";
}

std::vector<HotFunction> hottest(const std::vector<FoldedStack>& stacks, size_t most) {
  std::map<std::string, uint64_t> own;
  for (const FoldedStack& stack : stacks)
    if (!stack.frames.empty()) own[stack.frames.back()] += stack.samples;
  std::vector<HotFunction> out;
  for (const auto& [name, samples] : own) out.push_back({name, samples});
  std::sort(out.begin(), out.end(), [](const HotFunction& a, const HotFunction& b) {
    return a.samples != b.samples ? a.samples > b.samples : a.name < b.name;
  });
  if (out.size() > most) out.resize(most);
  return out;
}

}  // namespace kiln::report
