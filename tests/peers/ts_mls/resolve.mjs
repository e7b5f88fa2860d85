// Finds what ts-mls imports and does not bring along.
// - @noble/hashes 2 is not among its declared packages, so the copy beside it may be 1.x, which
//   has the same functions under names without ".js"; only its second provider uses them.
// - @hpke/chacha20poly1305 is optional; suite 3 needs it.
const CHACHA = "@hpke/chacha20poly1305";

export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (specifier.startsWith("@noble/hashes/"))
      return next(specifier.replace(/\.js$/, ""), context);
    if (specifier === CHACHA)
      return { url: new URL("./chacha20poly1305.mjs", import.meta.url).href, shortCircuit: true };
    throw error;
  }
}
