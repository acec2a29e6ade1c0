// Floors of the functions that go through large data, and of the small computations.
#include <re2/re2.h>
#include <simdjson.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <numeric>
#include <vector>

#include "bench/floors/floors.h"
#include "functions/cpu_optimized/calculation.h"
#include "functions/optimized_imports/data_analysis.h"
#include "sdk/core/letter_case.h"

namespace kiln::bench {
namespace {

using simdjson::ondemand::value;

// A document with the room behind it that simdjson reads beyond its end.
struct Document {
  explicit Document(std::string event) : text(std::move(event)), size(text.size()) {
    text.reserve(size + simdjson::SIMDJSON_PADDING);
  }
  simdjson::ondemand::document iterate() {
    return parser.iterate(simdjson::padded_string_view(text.data(), size, text.capacity()));
  }
  std::string text;
  size_t size;
  simdjson::ondemand::parser parser;
};

}  // namespace

Floor validate_user() {
  struct Patterns {
    RE2 email{R"(^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$)"};
    RE2 phone{R"(^\+?1?[0-9]{10,14}$)"};
  };
  return [patterns = std::make_shared<Patterns>()] {
    return static_cast<double>(RE2::FullMatch("ada@example.com", patterns->email)) +
           static_cast<double>(RE2::FullMatch("+15551234567", patterns->phone));
  };
}

Floor clean_records(std::string event) {
  return [document = std::make_shared<Document>(std::move(event))] {
    auto parsed = document->iterate();
    std::string name, email;
    double sum = 0;
    for (simdjson::ondemand::object record : parsed["data"].get_array()) {
      // Where the event has them.
      sum += static_cast<double>(uint64_t(record.find_field("id")));
      sdk::title_case(sdk::trimmed(std::string_view(record.find_field("name"))), name);
      sdk::lower_case(sdk::trimmed(std::string_view(record.find_field("email"))), email);
      sum += double(record.find_field("age")) + double(record.find_field("score"));
      sum += !name.empty() && email.find('@') != std::string::npos ? 1 : 0;
    }
    return sum;
  };
}

Floor cpu_intensive_batch() {
  return [] {
    double sum = 0;
    for (uint64_t n = 10; n < 24; ++n) {
      const auto result = cpu_optimized::calculate(n);
      sum += static_cast<double>(result.fibonacci + result.sum_of_squares) + result.is_prime;
    }
    return sum;
  };
}

Floor analyse_records(std::string event) {
  return [document = std::make_shared<Document>(std::move(event))] {
    auto parsed = document->iterate();
    optimized_imports::Moments id, age, score;
    const std::string_view text(document->text);
    optimized_imports::ValueCounts names(text), emails(text);
    // A text without escapes, where it lies in the event.
    const auto raw = [](value found) -> optimized_imports::ValueCounts::RawString {
      std::string_view token = found.raw_json_token();
      token = token.substr(1, token.rfind('"') - 1);
      return {token, sdk::JsonReader::Escapes::kNone};
    };
    for (simdjson::ondemand::object record : parsed["records"].get_array()) {
      id.add(double(record.find_field("id")));
      names.add(raw(record.find_field("name")));
      emails.add(raw(record.find_field("email")));
      age.add(double(record.find_field("age")));
      score.add(double(record.find_field("score")));
    }
    names.finish();
    emails.finish();
    return id.mean() + age.sample_deviation() + score.max() +
           static_cast<double>(names.most_frequent().count + emails.most_frequent().count);
  };
}

}  // namespace kiln::bench
