export const host = (name: string) => import(name)
