#include "engine/event_text.h"

#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "base/time_format.h"

namespace kiln::engine {
namespace {

constexpr size_t kLabelWidth = 9;
constexpr size_t kSubjectWidth = 16;
constexpr size_t kClockFrom = 11;  // in 2026-01-21T11:30:00.000Z
constexpr size_t kClockLength = 12;
constexpr std::string_view kDim = "\033[2m";
constexpr std::string_view kGreen = "\033[32m";
constexpr std::string_view kYellow = "\033[33m";
constexpr std::string_view kRed = "\033[31m";
constexpr std::string_view kPlain = "\033[0m";

std::string_view color_of(const EngineEvent& event) {
  const std::string_view kind = event.kind;
  if (event.severity == Severity::kError) return kRed;
  if (kind == "invocation") return event.severity == Severity::kInfo ? kGreen : kRed;
  if (event.severity == Severity::kWarning) return kYellow;
  return kDim;
}

void append_json(std::string& out, const nlohmann::json& value) { out += json_dump(value); }

void append_padded(std::string& out, std::string_view text, size_t width) {
  out += text;
  size_t shown = 0;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++shown;
  if (shown < width) out.append(width - shown, ' ');
}

}  // namespace

std::string_view to_text(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return "debug";
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
    case Severity::kNone:
      break;
  }
  return "none";
}

std::string event_line(const EngineEvent& event, EventColors colors) {
  const bool painted = colors == EventColors::kYes;
  std::string out;
  if (painted) out += kDim;
  out += format_iso_ms(event.time).substr(kClockFrom, kClockLength);
  if (painted) out += kPlain;
  out += "  ";
  if (painted) out += color_of(event);
  append_padded(out, event.label, kLabelWidth);
  if (painted) out += kPlain;
  out += ' ';
  if (!event.subject.empty()) {
    append_padded(out, event.subject, kSubjectWidth);
    out += ' ';
  }
  out += event.text;
  out += '\n';
  return out;
}

std::string event_json(const EngineEvent& event) {
  std::string out = "{\"time\":";
  append_json(out, format_iso_ms(event.time));
  out += ",\"level\":";
  append_json(out, to_text(event.severity));
  out += ",\"event\":";
  append_json(out, event.kind);
  for (const auto& [name, value] : event.fields) {
    out += ',';
    append_json(out, name);
    out += ':';
    std::visit([&out](const auto& each) { append_json(out, each); }, value);
  }
  out += "}\n";
  return out;
}

}  // namespace kiln::engine
