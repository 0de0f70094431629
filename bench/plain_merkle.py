"""A claim tree as one writes it without a library: Keccak-256 in Python, lists of bytes, a proof by walking up."""

MASK = (1 << 64) - 1
RATE = 136  # bytes taken in at once
TURNS = [[0, 36, 3, 41, 18], [1, 44, 10, 45, 2], [62, 6, 43, 15, 61], [28, 55, 25, 21, 56], [27, 20, 39, 8, 14]]


def constants():
    """The 24 constants of the rounds, from the shift register of the standard (FIPS 202, section 3.2.5)."""
    out, register = [], 1
    for _ in range(24):
        word = 0
        for j in range(7):
            if register & 1:
                word |= 1 << ((1 << j) - 1)
            register <<= 1
            if register & 0x100:
                register ^= 0x171
        out.append(word)
    return out


CONSTANTS = constants()


def permuted(a):
    """Keccak-f[1600] of 25 words, word ``(x, y)`` at ``5 x + y``."""
    for constant in CONSTANTS:
        c = [a[5 * x] ^ a[5 * x + 1] ^ a[5 * x + 2] ^ a[5 * x + 3] ^ a[5 * x + 4] for x in range(5)]
        b = [0] * 25
        for x in range(5):
            right = c[(x + 1) % 5]
            d = c[x - 1] ^ (right << 1 | right >> 63) & MASK
            for y in range(5):
                word, turn = a[5 * x + y] ^ d, TURNS[x][y]
                b[5 * y + (2 * x + 3 * y) % 5] = (word << turn | word >> 64 - turn) & MASK
        a = [
            b[5 * x + y] ^ (~b[5 * ((x + 1) % 5) + y] & MASK & b[5 * ((x + 2) % 5) + y])
            for x in range(5)
            for y in range(5)
        ]
        a[0] ^= constant
    return a


def keccak(data):
    """Keccak-256."""
    padded = bytearray(data + bytes(RATE - len(data) % RATE))
    padded[len(data)] |= 1
    padded[-1] |= 0x80
    a = [0] * 25
    for start in range(0, len(padded), RATE):
        for i in range(RATE // 8):
            at = start + 8 * i
            a[5 * (i % 5) + i // 5] ^= int.from_bytes(padded[at : at + 8], "little")
        a = permuted(a)
    return b"".join(a[5 * x].to_bytes(8, "little") for x in range(4))


def root_and_proofs(claims):
    """Root and the proof of every claim, as ``0x`` text."""
    leaves = []
    for account, amount in claims:
        leaves.append(keccak(keccak(bytes(12) + bytes.fromhex(account[2:]) + amount.to_bytes(32, "big"))))
    order = sorted(range(len(leaves)), key=lambda i: leaves[i], reverse=True)
    tree = [b""] * (len(leaves) - 1) + [leaves[i] for i in order]
    for i in range(len(leaves) - 2, -1, -1):
        tree[i] = keccak(b"".join(sorted((tree[2 * i + 1], tree[2 * i + 2]))))
    out = [()] * len(leaves)
    for at, index in enumerate(order):
        place, proof = len(leaves) - 1 + at, []
        while place:
            proof.append("0x" + tree[place + 1 if place % 2 else place - 1].hex())
            place = (place - 1) // 2
        out[index] = tuple(proof)
    return "0x" + tree[0].hex(), out
