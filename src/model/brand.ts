declare const brand: unique symbol

/**
 * A value that has passed its check; two brands over one base type cannot be swapped.
 * Only a `parse` or `decode` of model or codec casts into a brand.
 */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }
