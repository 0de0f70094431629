// The formulas of makerscope.kernels.black76 in C++: what a compiler of this machine can make of them.
// The tables arrive in the header "tables.h", which the benchmark writes from makerscope.kernels.elementary.
#include <cmath>
#include <cstdint>
#include <limits>

#include "tables.h"

#define INLINE static inline __attribute__((always_inline))

namespace {

constexpr double A = 4.5, B = 5.5;
constexpr double LOG2E = 1.4426950408889634, LN2_HIGH = 0.6931471805598903, LN2_LOW = 5.497923018708371e-14;
constexpr double MAGIC = 6755399441055744.0, INV_ROOT_2PI = 0.3989422804014327;
constexpr int64_t MAGIC_BITS = 0x4338000000000000, HALF_STEP = int64_t(1) << 51;
constexpr double LOWEST = 1e-307, HIGHEST = 1e307, SMALLEST_S = 1e-150, LARGEST_S = 1e3, FARTHEST = -64.0, FOLD = 0.5;
constexpr double NOT_A_NUMBER = std::numeric_limits<double>::quiet_NaN();

INLINE double fma_(double a, double b, double c) { return __builtin_fma(a, b, c); }
INLINE int64_t bits_of(double a) { return __builtin_bit_cast(int64_t, a); }
INLINE double double_of(int64_t a) { return __builtin_bit_cast(double, a); }
INLINE double lesser(double a, double b) { return a < b ? a : b; }
INLINE double greater(double a, double b) { return a > b ? a : b; }

template <int N>
INLINE double polynomial(const double (&table)[N], double x) {
  double value = table[N - 1];
#pragma GCC unroll 32
  for (int i = N - 2; i >= 0; --i) value = fma_(value, x, table[i]);
  return value;
}

INLINE double exp_(double high, double low) {
  double x = lesser(greater(high, -708.0), 709.0);
  double shifted = fma_(x, LOG2E, MAGIC);
  double whole = shifted - MAGIC;
  double r = fma_(whole, -LN2_LOW, fma_(whole, -LN2_HIGH, x) + low);
  double value = 1.0 + fma_(r * r, polynomial(EXP_TAIL, r), r);
  value = double_of(bits_of(value) + ((bits_of(shifted) - MAGIC_BITS) << 52));
  return high < -708.0 ? 0.0 : value;
}

INLINE void log_ratio(double a, double b, double& high, double& low) {
  int64_t power = (bits_of(a) - bits_of(b) + HALF_STEP) >> 52;
  double near = double_of(bits_of(a) - (power << 52));
  double exponent = double_of(power + MAGIC_BITS) - MAGIC;
  double top = near - b, bottom = near + b;
  double part = bottom - near;
  double bottom_low = (near - (bottom - part)) + (b - part);
  double inverse = 1.0 / bottom;
  double u = top * inverse;
  double u_low = (fma_(-u, bottom, top) - u * bottom_low) * inverse;
  double w = u * u;
  double first = exponent * LN2_HIGH, second = u + u;
  double total = first + second;
  part = total - first;
  double lost = (first - (total - part)) + (second - part);
  double rest = fma_(exponent, LN2_LOW, lost) + 2.0 * fma_(u * w, polynomial(ATANH_TAIL, w), u_low);
  high = total + rest;
  low = rest - (high - total);
}

struct Option {
  double price, density, d1, d2, below_d1, above_d1, below_d2;
};

INLINE Option out_of_the_money(double F, double K, double s, double s_low) {
  double a = lesser(F, K), b = greater(F, K), x, x_low;
  log_ratio(a, b, x, x_low);
  double inverse = 1.0 / s;
  double h = x * inverse;
  double h_low = (fma_(-h, s, x) - fma_(h, s_low, -x_low)) * inverse;
  h_low = h < FARTHEST ? 0.0 : h_low;
  h = greater(h, FARTHEST);
  double half = 0.5 * s;
  double d1 = h + half, d2 = h - half;
  double part = d1 - h;
  double d1_low = ((h - (d1 - part)) + (half - part)) + fma_(0.5, s_low, h_low);
  double square = d1 * d1;
  double density = a * INV_ROOT_2PI * exp_(-0.5 * square, -fma_(d1, d1_low, 0.5 * fma_(d1, d1, -square)));
  bool folded = d1 > FOLD;
  double z1 = folded ? d1 : -d1, z2 = -d2, gap = folded ? -2.0 * h : s;
  double both = 1.0 / ((z1 + B) * (z2 + B));
  double inverse1 = both * (z2 + B), inverse2 = both * (z1 + B);
  double y1 = (z1 - A) * inverse1, y2 = (z2 - A) * inverse2;
  constexpr int N = sizeof(MILLS) / sizeof(double);
  double value = MILLS[N - 1], slope = 0.0;
#pragma GCC unroll 32
  for (int i = N - 2; i >= 0; --i) {
    slope = fma_(slope, y1, value);
    value = fma_(value, y2, MILLS[i]);
  }
  slope = (A + B) * (slope * inverse1);
  double near = fma_(-gap * inverse2, slope, value) * inverse1, far = value * inverse2;
  double width = s > SMALLEST_S ? s : 0.0;
  double price = folded ? a - density * (near + far) : density * (width * ((value - slope) * both));
  double tail = density / a * near;
  return {price, density, d1, d2, folded ? 1.0 - tail : tail, folded ? tail : 1.0 - tail, density / b * far};
}

INLINE bool inside(double F, double K, double sigma, double T) {
  return (F > LOWEST) & (F < HIGHEST) & (K > LOWEST) & (K < HIGHEST) & (sigma >= 0.0) & (sigma < HIGHEST) & (T >= 0.0) &
         (T < HIGHEST);
}

INLINE void total_volatility(double sigma, double T, double& root, double& s, double& s_low) {
  root = __builtin_sqrt(T);
  double root_low = fma_(-root, root, T) / greater(root + root, SMALLEST_S);
  double product = sigma * root;
  s = lesser(greater(product, SMALLEST_S), LARGEST_S);
  double low = fma_(sigma, root, -product) + sigma * root_low;
  s_low = s == product ? low : 0.0;
}

}  // namespace

extern "C" void prices(int64_t n, const double* __restrict F, const double* __restrict K,
                       const double* __restrict sigma, const double* __restrict T,
                       const uint8_t* __restrict is_call, double* __restrict price) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    double root, s, s_low;
    total_volatility(sigma[i], T[i], root, s, s_low);
    Option o = out_of_the_money(F[i], K[i], s, s_low);
    double gain = is_call[i] ? F[i] - K[i] : K[i] - F[i];
    double total = greater(gain, 0.0) + o.price;
    price[i] = inside(F[i], K[i], sigma[i], T[i]) ? total : NOT_A_NUMBER;
  }
}

extern "C" void greeks(int64_t n, const double* __restrict F, const double* __restrict K,
                       const double* __restrict sigma, const double* __restrict T,
                       const uint8_t* __restrict is_call, double* __restrict price, double* __restrict delta,
                       double* __restrict gamma, double* __restrict vega, double* __restrict theta,
                       double* __restrict rho, double* __restrict vanna, double* __restrict volga) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    double root, s, s_low;
    total_volatility(sigma[i], T[i], root, s, s_low);
    Option o = out_of_the_money(F[i], K[i], s, s_low);
    bool swapped = F[i] > K[i];
    double d1 = swapped ? -o.d2 : o.d1, d2 = swapped ? -o.d1 : o.d2;
    double above_h2 = 1.0 - o.below_d2;
    double below_d1 = swapped ? above_h2 : o.below_d1, above_d1 = swapped ? o.below_d2 : o.above_d1;
    double gain = is_call[i] ? F[i] - K[i] : K[i] - F[i];
    double total = greater(gain, 0.0) + o.price;
    bool moving = sigma[i] * root > SMALLEST_S, ok = inside(F[i], K[i], sigma[i], T[i]);
    double inverse_F = 1.0 / F[i], per_F = o.density * inverse_F;
    double per_root = 0.5 * sigma[i] / greater(root, SMALLEST_S), per_sigma = 1.0 / greater(sigma[i], SMALLEST_S);
    double v = o.density * root;
    double g = per_F * inverse_F / s, th = -o.density * per_root;
    price[i] = ok ? total : NOT_A_NUMBER;
    delta[i] = ok ? (is_call[i] ? below_d1 : -above_d1) : NOT_A_NUMBER;
    gamma[i] = ok ? (moving ? g : 0.0) : NOT_A_NUMBER;
    vega[i] = ok ? v : NOT_A_NUMBER;
    theta[i] = ok ? (moving ? th : 0.0) : NOT_A_NUMBER;
    rho[i] = ok ? -T[i] * total : NOT_A_NUMBER;
    vanna[i] = ok ? -per_F * d2 * per_sigma : NOT_A_NUMBER;
    volga[i] = ok ? v * d1 * d2 * per_sigma : NOT_A_NUMBER;
  }
}
