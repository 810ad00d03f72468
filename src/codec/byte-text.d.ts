/**
 * Bytes to and from base64 and hex: ECMAScript 2026, which the pinned Node has and the library es2025
 * does not declare. Pure functions of their argument.
 */
/// <reference lib="esnext.typedarrays" />
