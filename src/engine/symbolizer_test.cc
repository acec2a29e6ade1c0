#include "engine/symbolizer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/unique_fd.h"
#include "engine/elf_file.h"
#include "tests/support/test_dir.h"

namespace kiln::engine {
namespace {

// As `addr2line -a -f -i` of binutils 2.40 prints it: for each address the address, then two lines
// for each function there, innermost first.
TEST(Symbolizer, ReadsWhatAddr2linePrints) {
  const auto places = parse_addr2line(
      "0x0000000000401136\n_ZN4shop5priceEi\n/src/shop.cc:7 (discriminator 3)\nmain\n"
      "/src/main.cc:12\n0x0000000000000001\n??\n??:0\n0x0000000000401140\nstrlen\n??:?\n",
      3);
  ASSERT_EQ(places.size(), 3u);
  ASSERT_EQ(places[0].size(), 2u);
  EXPECT_EQ(places[0][0].mangled, "_ZN4shop5priceEi");
  EXPECT_EQ(places[0][0].function, "shop::price(int)");
  EXPECT_EQ(places[0][0].place, "/src/shop.cc:7");
  EXPECT_EQ(places[0][1].function, "main");
  EXPECT_TRUE(places[1].empty());
  ASSERT_EQ(places[2].size(), 1u);
  EXPECT_EQ(places[2][0].function, "strlen");
  EXPECT_EQ(places[2][0].place, "");
}

TEST(Symbolizer, AnOutputThatEndsEarlyGivesEmptyPlaces) {
  EXPECT_EQ(parse_addr2line("", 2).size(), 2u);
  EXPECT_EQ(parse_addr2line("0x1\nf\n", 1)[0].size(), 0u);
  EXPECT_EQ(parse_addr2line("nonsense\n", 1)[0].size(), 0u);
}

TEST(Symbolizer, WhatIsNoProgramHasNoBuildIdAndIsNotKept) {
  const TestDir dir;
  const std::string file = dir.path() + "/text";
  for (const std::string& content : {std::string(), std::string("text"),
                                     std::string("\177ELF\2\1\1") + std::string(4000, '\xff')}) {
    std::ofstream(file, std::ios::binary) << content;
    const UniqueFd fd(::open(file.c_str(), O_RDONLY));
    EXPECT_EQ(build_id_of(fd.get()), "");
    const Result<void> kept = Symbolizer::keep(dir.path() + "/symbols", file);
    ASSERT_FALSE(kept);
    EXPECT_NE(kept.error().message.find("has no build id"), std::string::npos);
  }
  EXPECT_FALSE(Symbolizer::keep(dir.path() + "/symbols", dir.path() + "/absent"));
  EXPECT_FALSE(Symbolizer::keep(dir.path() + "/symbols", dir.path()));
}

}  // namespace
}  // namespace kiln::engine
