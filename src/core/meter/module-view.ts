import type { FunctionType } from './value-type.ts'

/** Ids of sections. Source: WebAssembly specification, "Binary Format", "Sections". */
export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const

/** Kinds of import and export, by their byte. */
export const KIND = { function: 0, table: 1, memory: 2, global: 3 } as const

/** A section's content: offsets into the module. `itemsAt` is past the count of those that start with one. */
export interface Section {
  readonly id: number
  readonly at: number
  readonly end: number
  readonly count: number
  readonly itemsAt: number
}

export interface GlobalType {
  readonly type: number
  readonly mutable: boolean
}

/** `max` is undefined where none is declared. `at` to `end`: the limits in the module. */
export interface MemoryView {
  readonly imported: boolean
  readonly min: number
  readonly max: number | undefined
  readonly at: number
  readonly end: number
}

export interface ExportView {
  readonly name: string
  readonly kind: number
  readonly index: number
}

/** What the sections say, checked; the bodies of functions only found. Filled section by section. */
export interface ModuleView {
  readonly bytes: Uint8Array
  readonly sections: Map<number, Section>
  readonly types: FunctionType[]
  /** `textOfType` of each type: equal for types that are equal. */
  readonly typeTexts: string[]
  /** Type index of each function, imported ones first. */
  readonly functions: number[]
  importedFunctions: number
  readonly globals: GlobalType[]
  importedGlobals: number
  tables: number
  /** In all element segments so far. */
  elements: number
  tableImported: boolean
  memory: MemoryView | undefined
  readonly exports: ExportView[]
  start: number | undefined
  /** Functions that element segments name: what `call_indirect` can reach. */
  readonly tableFunctions: Set<number>
  /** Undefined without a data count section. */
  dataCount: number | undefined
  dataSegments: number
  /** Start and end of each body of a function that is not imported, in pairs. */
  readonly bodies: number[]
}

export function emptyModule(bytes: Uint8Array): ModuleView {
  return {
    bytes,
    sections: new Map(),
    types: [],
    typeTexts: [],
    functions: [],
    importedFunctions: 0,
    globals: [],
    importedGlobals: 0,
    tables: 0,
    elements: 0,
    tableImported: false,
    memory: undefined,
    exports: [],
    start: undefined,
    tableFunctions: new Set(),
    dataCount: undefined,
    dataSegments: 0,
    bodies: [],
  }
}

/** The type of function `index`, which must exist. */
export function typeOfFunction(module: ModuleView, index: number): FunctionType {
  return module.types[module.functions[index] as number] as FunctionType
}
