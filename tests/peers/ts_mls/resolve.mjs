// ts-mls imports @noble/hashes 2 without declaring it, so the copy beside it may be 1.x, which
// has the same functions under names without ".js". Only ts-mls's second provider uses them.
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!specifier.startsWith("@noble/hashes/")) throw error;
    return next(specifier.replace(/\.js$/, ""), context);
  }
}
