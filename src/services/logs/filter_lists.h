// Pages of metric filters and subscription filters: in order of their names, then of their groups.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "services/logs/input.h"
#include "services/logs/tokens.h"

namespace kiln::services {

// By filter and group.
using FilterDocuments = std::map<std::pair<std::string, std::string>, nlohmann::json>;

// {NAME: [documents], "nextToken": …} of those behind `token`, at most `limit`.
inline Result<nlohmann::json> filter_page(const char* name, FilterDocuments&& documents,
                                          const std::string& token, int64_t limit) {
  std::pair<std::string, std::string> after;
  if (!token.empty()) {
    const auto place = parse_list_token(token);
    if (!place) return place.error();
    const size_t colon = place->name.find(':');  // in no name
    after = {place->name.substr(0, colon),
             colon == std::string::npos ? "" : place->name.substr(colon + 1)};
  }
  nlohmann::json list = nlohmann::json::array();
  nlohmann::json output;
  for (auto entry = documents.upper_bound(after); entry != documents.end(); ++entry) {
    list.push_back(std::move(entry->second));
    if (list.size() < static_cast<size_t>(limit) || std::next(entry) == documents.end()) continue;
    output["nextToken"] = list_token({0, entry->first.first + ":" + entry->first.second});
    break;
  }
  output[name] = std::move(list);
  return output;
}

}  // namespace kiln::services
