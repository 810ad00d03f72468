export type Bytes = import('node:buffer').Buffer
