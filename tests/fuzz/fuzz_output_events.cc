// What functions print: events have text, no line break at their end, and no more than their limit;
// and it does not matter in which parts the bytes come.
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "engine/output_events.h"

namespace {

std::vector<std::string> events_of(std::string_view bytes, size_t part,
                                   kiln::engine::OutputFrames frames) {
  std::vector<std::string> out;
  kiln::engine::OutputEvents events(frames);
  const auto take = [&out](std::string_view text) {
    KILN_CHECK(!text.empty() && !text.ends_with('\n'));
    KILN_CHECK(text.size() <= kiln::engine::OutputEvents::kMaxEvent);
    out.emplace_back(text);
  };
  for (size_t at = 0; at < bytes.size(); at += part) events.feed(bytes.substr(at, part), take);
  events.end(take);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using kiln::engine::OutputFrames;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t part = 1 + data[0] % 40;
  for (const auto frames : {OutputFrames::kNo, OutputFrames::kYes})
    KILN_CHECK(events_of(bytes, part, frames) == events_of(bytes, size, frames));
  return 0;
}
