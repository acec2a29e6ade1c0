#include "engine/channel_marker.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/channel_frame.h"
#include "base/template_fd.h"
#include "tests/support/test_dir.h"

namespace kiln::engine {
namespace {

TEST(ChannelMarker, NamesAreFoundWhereverTheyStand) {
  const TestDir dir;
  const std::string path = dir / "bootstrap";
  constexpr size_t kPart = 256 * 1024;  // that is read at a time
  for (const size_t at : {size_t{0}, kPart - 1, kPart - 7, kPart, 3 * kPart - 14, 5 * kPart + 11}) {
    for (const bool forks : {false, true}) {
      std::string content(at, 'x');
      content += std::string(kChannelFdVariable) + std::string(kPart, 'y');
      if (forks) content += kTemplateFdVariable;
      std::ofstream(path) << content;
      const BootstrapSkills skills = skills_of(path);
      EXPECT_TRUE(skills.direct_channel) << at;
      EXPECT_EQ(skills.snapshots, forks) << at;
    }
  }
  std::ofstream(path) << std::string(kPart, 'x') << kTemplateFdVariable;
  EXPECT_FALSE(skills_of(path).direct_channel || skills_of(path).snapshots);
  EXPECT_FALSE(skills_of(dir / "nothing").direct_channel);
}

}  // namespace
}  // namespace kiln::engine
