#include "kernels/hash_grid.h"

#include <thread>

#include "kernel_test.h"
#include "ops/hash_grid_reference.h"

namespace earthcraft::test {
namespace {

constexpr int64_t kCounts[] = {0, 1, 63, 64, 65, 200};  // blocks of 64 samples
constexpr int64_t kWidths[] = {1, 2, 4, 8};
// Dense, dense to the last row, hashed, hashed with products beyond 2^32.
const std::vector<HashLevel> kLevels = {{2, 27, 0, true}, {3, 64, 27, true}, {9, 64, 91, false}, {1 << 16, 64, 155, false}};
constexpr int64_t kRows = 219;

// [3, count] in [0, 1], corners and borders among them; a few beyond.
Floats points(int64_t count) {
  Floats values = drawn(3 * count, 1);
  for (size_t i = 0; i < values.size(); ++i) values[i] = i % 11 == 3 ? 0.0f : i % 13 == 5 ? 1.0f : i % 29 == 7 ? 3 * values[i] : (values[i] + 1) / 2;
  return values;
}

// The other way round: rows of the reference are what the kernel has side by side.
template <typename T>
std::vector<T> turned(const std::vector<T>& values, int64_t rows, int64_t columns) {
  std::vector<T> out(values.size());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) out[static_cast<size_t>(c * rows + r)] = values[static_cast<size_t>(r * columns + c)];
  return out;
}

// What f32 finds at positions 2^16 cells fine differs by their rounding.
double bound(const HashLevel& level) { return level.resolution > 1000 ? 0.03 : 2e-6; }

TEST(HashGrid, LevelsEqualTheReferenceInDouble) {
  for (const int64_t count : kCounts)
    for (const int64_t width : kWidths)
      for (const HashLevel& level : kLevels) {
        const Floats positions = points(count), table = drawn(kRows * width, 2), slopes = drawn(count * width, 3);
        const std::vector<HashLevel> one{level};
        const HashGridReference<double> reference{one, count, width};
        const Doubles at = turned(widened(positions), 3, count), rows = widened(table);
        Doubles features(static_cast<size_t>(count * width)), at_grad(static_cast<size_t>(3 * count)), rows_grad(rows.size());
        reference.forward(at.data(), rows.data(), features.data());
        reference.backward(at.data(), rows.data(), turned(widened(slopes), width, count).data(), at_grad.data(), rows_grad.data());
        const HashSamples samples{positions.data(), count, 0, count};
        for (const auto& [name, run] : EC_VARIANTS(hash_grid_forward)) {
          Floats found(features.size(), -7);
          run(samples, level, table.data(), width, found.data());
          EXPECT_LT(difference(found, turned(features, count, width)), bound(level))
              << name << " " << count << " " << width << " " << level.resolution;
        }
        for (const auto& [name, run] : EC_VARIANTS(hash_grid_table_grad)) {
          Floats found(rows_grad.size());
          run(samples, level, slopes.data(), width, found.data());
          EXPECT_LT(difference(found, rows_grad), bound(level)) << name << " " << count << " " << width << " " << level.resolution;
        }
        for (const auto& [name, run] : EC_VARIANTS(hash_grid_position_grad)) {
          Floats found(at_grad.size());
          run(samples, level, table.data(), slopes.data(), width, found.data());
          EXPECT_LT(difference(found, turned(at_grad, count, 3)), bound(level)) << name << " " << count << " " << width << " " << level.resolution;
        }
      }
}

TEST(HashGrid, PositionsThatAreNoNumbersStayInTheTable) {
  Floats positions = points(64);
  for (size_t i = 0; i < positions.size(); i += 3) positions[i] = i % 2 ? NAN : INFINITY;
  const Floats table = drawn(kRows * 2, 2);
  for (const HashLevel& level : kLevels)
    for (const auto& [name, run] : EC_VARIANTS(hash_grid_forward)) {
      Floats found(128);
      run({positions.data(), 64, 0, 64}, level, table.data(), 2, found.data());
      EXPECT_TRUE(std::isnan(found[0])) << name;
    }
}

TEST(HashGrid, ThreadsOnPartsOfOneResultGiveTheBitsOfOne) {
  const int64_t count = 1000;
  const Floats positions = points(count), table = drawn(kRows * 2, 2);
  for (const auto& variant : EC_VARIANTS(hash_grid_forward)) {
    Floats alone(static_cast<size_t>(count * 2)), together(alone.size());
    variant.run({positions.data(), count, 0, count}, kLevels[2], table.data(), 2, alone.data());
    std::vector<std::thread> threads;
    for (int64_t part = 0; part < 4; ++part)
      threads.emplace_back(
          [&, part] { variant.run({positions.data(), count, part * 250, (part + 1) * 250}, kLevels[2], table.data(), 2, together.data()); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(alone, together) << variant.name;
  }
}

}  // namespace
}  // namespace earthcraft::test
