// The same price-time book as src/makerscope/market/book.py, as plain C++: the floor for its speed.
// book run N: reads nothing, plays N random operations of a fixed generator, prints nanoseconds an operation.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

using i64 = int64_t;
using u64 = uint64_t;
constexpr i64 NONE = -1, LADDER = 64 * 64 * 64;

struct Order { i64 price, size, next, before, instrument, side, account, slot, serial, until, flags, margin, decided, fee, block, key; };
struct Level { i64 head, tail, resting, queued; };
struct Fill { i64 order, price, size, account, slot, serial, left, decided; };

static std::vector<Order> order;
static std::vector<Level> level;
static std::vector<u64> bits;
static i64 best[2] = {NONE, NONE}, first_free, live = 0, serials = 0;
constexpr i64 WORDS = LADDER / 64 + LADDER / 4096 + 1;

static inline i64 top(u64 word) { return 63 - __builtin_clzll(word); }

static i64 below(const u64 *b, i64 key) {
  i64 last = key - 1;
  if (last < 0) return NONE;
  i64 word = last >> 6;
  u64 left = b[word] & (~0ULL >> (63 - (last & 63)));
  if (!left) {
    last = word - 1;
    if (last < 0) return NONE;
    const u64 *up = b + (LADDER >> 6);
    word = last >> 6;
    left = up[word] & (~0ULL >> (63 - (last & 63)));
    if (!left) {
      last = word - 1;
      if (last < 0) return NONE;
      left = up[(LADDER + 4095) >> 12] & (~0ULL >> (63 - last));
      if (!left) return NONE;
      word = top(left);
      left = up[word];
    }
    word = (word << 6) + top(left);
    left = b[word];
  }
  return (word << 6) + top(left);
}

static void taken(u64 *b, i64 key) {
  i64 word = key >> 6;
  u64 before = b[word];
  b[word] = before | 1ULL << (key & 63);
  if (!before) {
    u64 *up = b + (LADDER >> 6);
    before = up[word >> 6];
    up[word >> 6] = before | 1ULL << (word & 63);
    if (!before) up[(LADDER + 4095) >> 12] |= 1ULL << (word >> 6);
  }
}

static void emptied(u64 *b, i64 key) {
  i64 word = key >> 6;
  if (b[word] &= ~(1ULL << (key & 63))) return;
  u64 *up = b + (LADDER >> 6);
  if (up[word >> 6] &= ~(1ULL << (word & 63))) return;
  up[(LADDER + 4095) >> 12] &= ~(1ULL << (word >> 6));
}

__attribute__((noinline)) static i64 rest(i64 side, i64 price, i64 size, i64 account, i64 slot) {
  i64 o = first_free;
  if (o == NONE) return o;
  i64 r = side < 0, key = side > 0 ? price : LADDER - 1 - price;
  Level &l = level[r * LADDER + key];
  Order &x = order[o];
  u64 *b = &bits[r * WORDS];
  first_free = x.next;
  live++;
  x.price = price; x.size = size; x.next = NONE; x.instrument = 0; x.side = side; x.account = account; x.slot = slot;
  x.serial = serials++; x.key = key;
  if (b[key >> 6] >> (key & 63) & 1) {
    x.before = l.tail;
    order[l.tail].next = o;
    l.tail = o;
    l.resting += size;
    l.queued++;
  } else {
    x.before = NONE;
    l = {o, o, size, 1};
    taken(b, key);
    if (key > best[r]) best[r] = key;
  }
  return o;
}

static inline void unlink(i64 o) {
  Order &x = order[o];
  i64 r = x.side < 0;
  Level &l = level[r * LADDER + x.key];
  l.resting -= x.size;
  l.queued--;
  if (x.before == NONE) l.head = x.next; else order[x.before].next = x.next;
  if (x.next == NONE) l.tail = x.before; else order[x.next].before = x.before;
  if (!l.queued) {
    emptied(&bits[r * WORDS], x.key);
    if (x.key == best[r]) best[r] = below(&bits[r * WORDS], x.key);
  }
  x.next = first_free;
  x.account = NONE;
  first_free = o;
  live--;
}

__attribute__((noinline)) static void remove_order(i64 o) { unlink(o); }

__attribute__((noinline)) static i64 match(i64 side, i64 size, i64 account, Fill *fills, i64 room, i64 &n) {
  i64 r = side > 0;
  n = 0;
  while (size > 0 && n < room) {
    i64 key = best[r];
    if (key < 0) break;
    Level &l = level[r * LADDER + key];
    i64 o = l.head;
    Order &x = order[o];
    if (x.account == account) return 0;
    i64 traded = size < x.size ? size : x.size;
    fills[n++] = {o, x.price, traded, x.account, x.slot, x.serial, x.size - traded, 0};
    size -= traded;
    if (traded == x.size) unlink(o); else { l.resting -= traded; x.size -= traded; }
  }
  return size;
}

static u64 state = 88172645463325252ULL;
static inline u64 roll() { state ^= state << 13; state ^= state >> 7; return state ^= state << 17; }

int main(int argc, char **argv) {
  i64 count = argc > 1 ? atoll(argv[1]) : 3000000, pool = 1 << 18;
  order.assign(pool, Order{});
  for (i64 i = 0; i < pool; i++) order[i].next = i + 1 < pool ? i + 1 : NONE;
  first_free = 0;
  level.resize(2 * LADDER);
  bits.assign(2 * WORDS, 0);
  std::vector<i64> ids(count);
  Fill fills[64];
  i64 held = 0, traded = 0;
  auto start = std::chrono::steady_clock::now();
  for (i64 i = 0; i < count; i++) {
    u64 x = roll();
    i64 kind = x % 20, side = x >> 32 & 1 ? 1 : -1, size = 1 + (x >> 33) % 100, away = 1 + (x >> 40) % 256;
    if (kind < 10) {
      ids[held++] = rest(side, 100000 - side * away, size, x >> 50, 0);
    } else if (kind < 19) {
      if (held > 0) {
        i64 j = (x >> 20) % held, o = ids[j];
        if (order[o].account >= 0) remove_order(o);
        ids[j] = ids[--held];
      }
    } else {
      i64 n;
      match(side, size, -5, fills, 64, n);
      traded += n;
    }
  }
  double ns = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / count;
  printf("%.3f %lld %lld %lld\n", ns, (long long)held, (long long)traded, (long long)live);
}
