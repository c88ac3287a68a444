#include "../kernels/window_shares.h"

#include <gtest/gtest.h>

#include <vector>

namespace earthcraft {
namespace {

TEST(WindowShares, GiveEveryHeadOfEverySetToOneBlock) {
  for (const int64_t sets : {1, 7, 470, 1788})
    for (const int64_t heads : {1, 2, 3, 8, 12})
      for (const int64_t long_sets : {int64_t{0}, sets / 3, sets}) {
        const WindowShares shares = window_shares(sets, long_sets, heads, 264);
        std::vector<int> taken(sets * heads);
        for (int64_t block = 0; block < shares.blocks(); ++block) {
          const WindowShare share = shares.of(block);
          ASSERT_EQ(share.heads, share.set < long_sets ? 1 : shares.together);
          ASSERT_LT(share.set, sets);
          for (int h = 0; h < share.heads; ++h) ++taken.at(share.set * heads + share.head + h);
        }
        for (const int times : taken) ASSERT_EQ(times, 1) << sets << " sets, " << heads << " heads, " << long_sets << " long";
      }
}

TEST(WindowShares, TakeHeadsTogetherWhereBlocksAreManyRounds) {
  EXPECT_EQ(window_shares(1788, 27, 8, 396).together, 8);  // 1761 + 216 blocks
  EXPECT_EQ(window_shares(470, 0, 8, 396).together, 2);
  EXPECT_EQ(window_shares(40, 0, 8, 396).together, 1);
  EXPECT_EQ(window_shares(40, 0, 12, 10).together, 12);
  EXPECT_EQ(window_shares(1, 0, 12, 396).together, 3);
}

}  // namespace
}  // namespace earthcraft
