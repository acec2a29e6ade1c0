// arn:aws:sns:REGION:ACCOUNT:NAME, taken apart. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kiln::notify {

struct TopicArn {
  std::string region;
  std::string account;
  std::string name;

  static std::optional<TopicArn> parse(std::string_view text);
  std::string text() const;
  // A FIFO topic: its name says so.
  bool is_fifo() const { return name.ends_with(".fifo"); }
};

}  // namespace kiln::notify
