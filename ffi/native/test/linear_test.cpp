#include "kernels/linear.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "kernel_test.h"

namespace earthcraft::test {
namespace {

struct Shape {
  int64_t rows, depth, columns;
};
// Blocks of 96 rows and 256 deep, strips of 64, 16 or 8, vectors of as many as 16: one less and one more of each, and nothing.
const Shape kShapes[] = {{1, 1, 1}, {12, 3, 17}, {95, 255, 63}, {96, 256, 64}, {97, 257, 65}, {200, 16, 15}, {31, 600, 130}, {0, 5, 5}};

// b [depth, columns] as the strips of a variant.
Floats packed(const Floats& b, const Shape& s, const std::string& variant) {
  Floats panels(static_cast<size_t>(padded_columns(s.columns) * s.depth));
  for (const auto& [name, run] : EC_VARIANTS(pack_panels))
    if (name == variant) run(b.data(), s.columns, s.depth, s.columns, panels.data());
  return panels;
}

TEST(Panels, HoldEveryColumnOncePaddedWithZeros) {
  for (const Shape& s : kShapes) {
    const Floats b = drawn(s.depth * s.columns, 1);
    Floats turned(b.size());
    for (int64_t k = 0; k < s.depth; ++k)
      for (int64_t j = 0; j < s.columns; ++j) turned[static_cast<size_t>(j * s.depth + k)] = b[static_cast<size_t>(k * s.columns + j)];
    const int64_t padded = padded_columns(s.columns);
    const auto wanted = [&](const std::string& variant) {
      const int64_t wide = variant == "avx512" ? 64 : variant == "avx2" ? 16 : 8;
      Floats strips;
      for (int64_t strip = 0; strip < padded; strip += wide)
        for (int64_t k = 0; k < s.depth; ++k)
          for (int64_t j = strip; j < std::min(strip + wide, padded); ++j)
            strips.push_back(j < s.columns ? b[static_cast<size_t>(k * s.columns + j)] : 0);
      return strips;
    };
    for (const auto& [name, run] : EC_VARIANTS(pack_panels)) {
      Floats found(static_cast<size_t>(padded * s.depth), -7);
      run(b.data(), s.columns, s.depth, s.columns, found.data());
      EXPECT_EQ(found, wanted(name)) << name;
    }
    for (const auto& [name, run] : EC_VARIANTS(pack_panels_swapped)) {
      Floats found(static_cast<size_t>(padded * s.depth), -7);
      run(turned.data(), s.depth, s.columns, found.data());
      EXPECT_EQ(found, wanted(name)) << name;
    }
  }
}

TEST(Linear, RowsEqualTheProductInDouble) {
  for (const Shape& s : kShapes) {
    const Floats a = drawn(s.rows * s.depth, 1), b = drawn(s.depth * s.columns, 2), bias = drawn(s.columns, 3);
    for (const bool biased : {true, false}) {
      Doubles wanted(static_cast<size_t>(s.rows * s.columns));
      for (int64_t i = 0; i < s.rows; ++i)
        for (int64_t j = 0; j < s.columns; ++j) {
          double sum = biased ? bias[static_cast<size_t>(j)] : 0;
          for (int64_t k = 0; k < s.depth; ++k) sum += double{a[static_cast<size_t>(i * s.depth + k)]} * b[static_cast<size_t>(k * s.columns + j)];
          wanted[static_cast<size_t>(i * s.columns + j)] = sum;
        }
      for (const auto& [name, run] : EC_VARIANTS(linear_rows)) {
        const Floats panels = packed(b, s, name);
        Floats found(wanted.size(), -7);
        run(a.data(), panels.data(), biased ? bias.data() : nullptr, s.depth, s.columns, 0, s.rows, found.data());
        EXPECT_LT(difference(found, wanted), 2e-6) << name << " " << s.rows << " × " << s.depth << " × " << s.columns;
      }
    }
  }
}

// The 16 high bits of a float: rows of bf16 that f32 holds exactly.
std::vector<uint16_t> shortened(Floats& values) {
  std::vector<uint16_t> bits;
  for (float& value : values) {
    uint32_t whole;
    std::memcpy(&whole, &value, 4);
    bits.push_back(static_cast<uint16_t>(whole >> 16));
    whole &= 0xFFFF0000;
    std::memcpy(&value, &whole, 4);
  }
  return bits;
}

TEST(Linear, RowsOfBf16EqualThoseOfF32Rounded) {
  for (const Shape& s : kShapes) {
    Floats a = drawn(s.rows * s.depth, 1);
    const std::vector<uint16_t> bits = shortened(a);
    const Floats bias = drawn(s.columns, 3);
    for (const auto& [name, run] : EC_VARIANTS(linear_rows_bf16)) {
      const Floats panels = packed(drawn(s.depth * s.columns, 2), s, name);
      Floats wide(static_cast<size_t>(s.rows * s.columns)), scratch(static_cast<size_t>(kLinearRows * (s.depth + s.columns)));
      std::vector<uint16_t> found(wide.size());
      for (const auto& exact : EC_VARIANTS(linear_rows))
        if (exact.name == name) exact.run(a.data(), panels.data(), bias.data(), s.depth, s.columns, 0, s.rows, wide.data());
      run(bits.data(), panels.data(), bias.data(), s.depth, s.columns, 0, s.rows, scratch.data(), found.data());
      for (size_t i = 0; i < wide.size(); ++i) {
        const uint32_t widened = static_cast<uint32_t>(found[i]) << 16;
        float value;
        std::memcpy(&value, &widened, 4);
        ASSERT_LE(std::abs(value - wide[i]), std::abs(wide[i]) / 256) << name << " " << s.rows << " × " << s.depth << " × " << s.columns;
      }
    }
  }
}

TEST(Linear, OuterProductsEqualTheSumInDouble) {
  for (const Shape& s : kShapes) {  // aᵀ [rows, depth] · b [depth, columns]
    const Floats a = drawn(s.depth * s.rows, 1), b = drawn(s.depth * s.columns, 2);
    Doubles wanted(static_cast<size_t>(s.rows * s.columns));
    for (int64_t k = 0; k < s.depth; ++k)
      for (int64_t i = 0; i < s.rows; ++i)
        for (int64_t j = 0; j < s.columns; ++j)
          wanted[static_cast<size_t>(i * s.columns + j)] +=
              double{a[static_cast<size_t>(k * s.rows + i)]} * b[static_cast<size_t>(k * s.columns + j)];
    for (const auto& [name, run] : EC_VARIANTS(linear_outer)) {
      Floats found(wanted.size(), -7), scratch(static_cast<size_t>(kLinearDepth * (kLinearRows + padded_columns(s.columns))));
      for (int64_t begin = 0; begin < s.rows; begin += kLinearRows)
        run(a.data(), b.data(), s.rows, s.columns, s.depth, begin, std::min(begin + kLinearRows, s.rows), scratch.data(), found.data());
      EXPECT_LT(difference(found, wanted), 2e-6) << name << " " << s.rows << " × " << s.depth << " × " << s.columns;
    }
  }
}

TEST(Linear, ColumnSumsAddToWhatIsThere) {
  const int64_t rows = 37, columns = 21;
  const Floats x = drawn(rows * columns, 1);
  Doubles wanted(columns, 1);
  for (int64_t r = 5; r < 30; ++r)
    for (int64_t j = 0; j < columns; ++j) wanted[static_cast<size_t>(j)] += x[static_cast<size_t>(r * columns + j)];
  for (const auto& [name, run] : EC_VARIANTS(column_sums)) {
    Floats found(columns, 1);
    run(x.data(), columns, 5, 30, found.data());
    EXPECT_LT(difference(found, wanted), 1e-6) << name;
  }
}

TEST(Linear, ThreadsOnPartsOfOneResultGiveTheBitsOfOne) {
  const Shape s = {1000, 130, 100};
  const Floats a = drawn(s.rows * s.depth, 1);
  for (const auto& variant : EC_VARIANTS(linear_rows)) {
    const Floats panels = packed(drawn(s.depth * s.columns, 2), s, variant.name);
    Floats alone(static_cast<size_t>(s.rows * s.columns)), together(alone.size());
    variant.run(a.data(), panels.data(), nullptr, s.depth, s.columns, 0, s.rows, alone.data());
    std::vector<std::thread> threads;
    for (int64_t part = 0; part < 4; ++part)
      threads.emplace_back(
          [&, part] { variant.run(a.data(), panels.data(), nullptr, s.depth, s.columns, part * 250, (part + 1) * 250, together.data()); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(alone, together) << variant.name;
  }
}

}  // namespace
}  // namespace earthcraft::test
