#include "engine/event_text.h"

#include <nlohmann/json.hpp>

#include "base/characters.h"
#include "base/json_access.h"
#include "base/json_text.h"
#include "base/time_format.h"

namespace kiln::engine {
namespace {

constexpr size_t kLabelWidth = 9;
constexpr size_t kSubjectWidth = 16;
constexpr size_t kClockFrom = 11;  // in 2026-01-21T11:30:00.000Z
constexpr size_t kClockLength = 12;
constexpr std::string_view kHexDigits = "0123456789abcdef";
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

// What a caller says, in UTF-8, and without what moves a terminal's cursor: the control characters
// of ASCII and of Latin-1, as \x1b.
void append_shown(std::string& out, std::string_view text) {
  const size_t begin = out.size();
  append_utf8(out, text);
  for (size_t at = begin; at < out.size(); ++at) {
    const auto byte = [&out](size_t i) { return static_cast<unsigned char>(out[i]); };
    const bool latin = byte(at) == 0xc2 && byte(at + 1) < 0xa0;
    if (!latin && byte(at) >= 0x20 && byte(at) != 0x7f) continue;
    const unsigned char control = byte(latin ? at + 1 : at);
    char shown[] = {'\\', 'x', kHexDigits[control >> 4], kHexDigits[control & 15]};
    out.replace(at, latin ? 2 : 1, shown, sizeof shown);
    at += sizeof shown - 1;
  }
}

void append_padded(std::string& out, std::string_view text, size_t width) {
  const size_t begin = out.size();
  append_shown(out, text);
  const size_t shown = characters(std::string_view(out).substr(begin));
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
  append_shown(out, event.text);
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
