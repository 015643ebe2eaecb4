/** For tools that look for `.d.ts`: TypeScript itself reads `vademecum.d.mts` for `vademecum.mjs`. */
export * from "./vademecum.mjs";
