// Reads a code's symbols and checksum (enigm.wire.code_coin), so that a typing error costs nothing.
const SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTHS = [25, 35];
const CHECKSUM_SYMBOLS = 3;

// Returns null for a code whose symbols fit, else what is wrong and whether more typing could mend
// it (then it is not sure yet).
export function faultOf(text) {
  const typed = text.trim().toUpperCase().replace(/^ENIGM:/, "")
    .replace(/[ -]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
  const symbols = [...typed].map(symbol => SYMBOLS.indexOf(symbol));
  const place = symbols.indexOf(-1) + 1;
  if (place > 0) {
    return { isSure: true, text: `Symbol ${place} is not one that codes use: they have digits, and letters except U.` };
  }
  if (!LENGTHS.includes(symbols.length)) {
    const told = `A code has 25 or 35 symbols; these are ${symbols.length}.`;
    return { isSure: symbols.length > 35, text: told };
  }
  const body = symbols.slice(0, -CHECKSUM_SYMBOLS);
  const stated = symbols.slice(-CHECKSUM_SYMBOLS).reduce((sum, symbol) => sum * 32 + symbol, 0);
  if (stated === checksum(body)) return null;
  const told = "One or more symbols are mistyped: please compare each group.";
  return { isSure: symbols.length === 35, text: told };
}

// CRC-15 over the symbols' bits, most significant first.
function checksum(symbols) {
  let remainder = 0x3a5b;
  for (const symbol of symbols) {
    for (let place = 4; place >= 0; place -= 1) {
      const top = (remainder >> 14) ^ (symbol >> place);
      remainder = (remainder << 1) & 0x7fff;
      if (top & 1) remainder ^= 0x4599;
    }
  }
  return remainder;
}
