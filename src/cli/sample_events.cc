#include "cli/sample_events.h"

#include "base/near_word.h"

namespace kiln::cli {

const std::vector<SampleEvent>& sample_events() {
  static const std::vector<SampleEvent> kEvents = {
#include "sample_events_list.inc"
  };
  return kEvents;
}

Result<std::string> sample_event(const std::string& source) {
  std::vector<std::string> sources;
  for (const SampleEvent& event : sample_events()) {
    if (event.source == source) return std::string(event.text);
    sources.emplace_back(event.source);
  }
  std::string near = near_word(source, sources);
  // Other tools have their own words behind the service's: s3-put, apigateway-aws-proxy.
  constexpr size_t kService = 5;
  const std::string service = source.substr(0, source.find('-'));
  for (const std::string& each : sources)
    if (near.empty() && (each == service || (service.size() >= kService &&
                                             each.starts_with(service.substr(0, kService)))))
      near = each;
  return Error{ErrorKind::kNotFound, "Usage",
               "there is no sample event '" + source + "'" +
                   (near.empty() ? "; " : "; did you mean " + near + "? ") +
                   "`kiln event` lists them"};
}

}  // namespace kiln::cli
