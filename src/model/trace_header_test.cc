#include "model/trace_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::model {
namespace {

using testing::MatchesRegex;

constexpr const char* kWhole =
    "Root=1-5e1b4151-[0-9a-f]+;Parent=[0-9a-f]+;Sampled=0;Lineage=1:[0-9a-f]+:0";

TEST(TraceHeader, NothingGivenMakesAWholeOne) {
  const auto header = complete_trace_header("", "f", 0x5e1b4151);
  EXPECT_THAT(header, MatchesRegex(kWhole));
  EXPECT_EQ(header.size(), std::string("Root=1-5e1b4151-").size() + 24 + 8 + 16 + 10 + 9 + 12);
  EXPECT_EQ(header.substr(header.find("Lineage")),
            complete_trace_header("", "f", 7).substr(header.find("Lineage")));
}

TEST(TraceHeader, WhatTheCallerSaidStays) {
  EXPECT_EQ(complete_trace_header(
                "Root=1-5e-1;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=25:a87bd80c:1", "f", 0),
            "Root=1-5e-1;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=25:a87bd80c:1");
  EXPECT_THAT(complete_trace_header("Sampled=1; Root=1-5e-1", "f", 0),
              MatchesRegex("Root=1-5e-1;Parent=[0-9a-f]+;Sampled=1;Lineage=1:[0-9a-f]+:0"));
}

TEST(TraceHeader, NothingElseGoesOn) {
  for (const char* given : {"Root", "Root=", "Root=a b", "Self=1;X=2", "Root=1\r\nX: y", ";;=;",
                            "?", "Sampled=2;Sampled=?"})
    EXPECT_THAT(complete_trace_header(given, "f", 0x5e1b4151), MatchesRegex(kWhole)) << given;
  EXPECT_THAT(complete_trace_header("Root=" + std::string(1000, '1'), "f", 0x5e1b4151),
              MatchesRegex(kWhole));
}

}  // namespace
}  // namespace kiln::model
