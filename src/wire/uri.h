// The target of an HTTP request: its path and its query, percent-decoded once. '+' is a blank in a
// query only. Values only; thread-safe. Parsing copies each part once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::wire {

enum class PlusMeans { kPlus, kBlank };

// Decodes %XX once ("%2541" gives "%41"). A '%' without two hex digits after it stands for itself.
std::string percent_decode(std::string_view text, PlusMeans plus = PlusMeans::kPlus);
// Encodes all but RFC 3986's unreserved characters.
std::string percent_encode(std::string_view text);

// Names and values in their order; names may repeat. Also the form of
// application/x-www-form-urlencoded bodies.
class QueryParams {
 public:
  static QueryParams parse(std::string_view query);
  void add(std::string name, std::string value) {
    items_.emplace_back(std::move(name), std::move(value));
  }

  // The first value of that name; nullopt: absent.
  std::optional<std::string_view> find(std::string_view name) const;
  // The first value, or "" when absent.
  std::string_view get(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& items() const { return items_; }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

struct Uri {
  std::string raw_path;  // as sent, without the query
  std::vector<std::string>
      segments;  // decoded after splitting at '/': an encoded slash stays within its segment
  QueryParams query;

  // Accepts origin form ("/a?b=c") and absolute form ("http://host/a?b=c"); a fragment is dropped.
  static Uri parse(std::string_view target);
  // The segments joined by '/', with a '/' in front.
  std::string path() const;
};

}  // namespace kiln::wire
